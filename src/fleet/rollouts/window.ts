import type { MaintenanceWindow } from './rollout.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
/** A day with the longest shift that any time zone makes, and a spare hour. */
const SEARCHED_MINUTES = DAY_MINUTES + 4 * 60;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether the time zone is one that this machine knows, such as `Europe/Berlin` or `UTC`. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formatOf(timeZone);
    return true;
  } catch {
    return false;
  }
}

/** Whether devices may be offered something new now; a window from and to the same minute is all day. */
export function isOpen(window: MaintenanceWindow, nowMs: number): boolean {
  const { fromMinute, toMinute } = window;
  const minute = minuteOfDay(window.timeZone, nowMs);
  if (fromMinute === toMinute) return true;
  return fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute;
}

/**
 * When it next opens, `nowMs` when it is open. Where the clocks skip the opening, that is the first minute
 * after the gap; where the whole window is skipped, the next day's.
 */
export function opensAt(window: MaintenanceWindow, nowMs: number): number {
  if (isOpen(window, nowMs)) return nowMs;
  const thisMinute = nowMs - (nowMs % MINUTE_MS);
  const away =
    (window.fromMinute - minuteOfDay(window.timeZone, nowMs) + DAY_MINUTES) % DAY_MINUTES;
  const likely = thisMinute + away * MINUTE_MS;
  if (isOpen(window, likely) && !isOpen(window, likely - MINUTE_MS)) return likely;
  // The clocks change before it opens: look at each minute.
  for (let minutes = 1; minutes <= 2 * SEARCHED_MINUTES; minutes += 1) {
    const at = thisMinute + minutes * MINUTE_MS;
    if (isOpen(window, at)) return at;
  }
  return likely;
}

/** Such as `01:00-05:00 Europe/Berlin`. */
export function formatWindow({ fromMinute, toMinute, timeZone }: MaintenanceWindow): string {
  const clock = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  return `${clock(fromMinute)}-${clock(toMinute)} ${timeZone}`;
}

function minuteOfDay(timeZone: string, atMs: number): number {
  const [hour = '0', minute = '0'] = formatOf(timeZone).format(atMs).split(':');
  return Number(hour) * 60 + Number(minute);
}

/** Kept, since making one costs far more than using it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(timeZone, made);
  return made;
}
