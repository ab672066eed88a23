import { styleText } from 'node:util';
import {
  describeAddress,
  describeNote,
  type LineFilter,
  type LogLevel,
  type MonitorEvent,
  type MonitorLine,
} from '../../flash/index.ts';
import { type CliContext, wantsColour } from '../context.ts';

/** Something that shows what a monitor sees. */
export type MonitorView = (event: MonitorEvent) => void;

const COLOURS: Partial<Record<LogLevel, 'red' | 'yellow' | 'green' | 'cyan' | 'gray'>> = {
  error: 'red',
  warning: 'yellow',
  info: 'green',
  debug: 'cyan',
  verbose: 'gray',
};

/** For people: the board's lines on stdout, coloured by level on a terminal; notes on stderr. */
export function textView(
  { stdout, stderr, env }: CliContext,
  options: { readonly timestamps: boolean; readonly filter: LineFilter },
): MonitorView {
  const colour = wantsColour(stdout, env);
  /** What of an unfinished line is on the screen. */
  let shown = '';
  const dressed = (line: MonitorLine) => {
    if (!colour) return line.text;
    if (line.hasColours) return line.coloured;
    const style = line.level === null ? undefined : COLOURS[line.level];
    return style === undefined ? line.text : styleText(style, line.text, { validateStream: false });
  };
  const endPartial = () => {
    if (shown !== '') stdout.write('\n');
    shown = '';
  };
  const stamp = (timeMs: number) => (options.timestamps ? `${timeOfDay(timeMs)} ` : '');
  return (event) => {
    if (event.kind === 'partial') {
      // In a pipe there is nobody to answer a prompt, and whole lines are easier to work with.
      if (stdout.isTTY !== true || !event.text.startsWith(shown)) return;
      if (!options.filter(event.text, null)) return;
      stdout.write(
        shown === '' ? stamp(event.timeMs) + event.text : event.text.slice(shown.length),
      );
      shown = event.text;
      return;
    }
    if (event.kind === 'note') {
      endPartial();
      const text = `--- ${describeNote(event.note)}`;
      const styled = wantsColour(stderr, env)
        ? styleText('magenta', text, { validateStream: false })
        : text;
      stderr.write(`${styled}\n`);
      return;
    }
    if (shown !== '' && event.text.startsWith(shown)) {
      stdout.write(`${event.text.slice(shown.length)}\n`);
      shown = '';
    } else {
      endPartial();
      if (options.filter(event.text, event.level)) {
        stdout.write(`${stamp(event.timeMs)}${dressed(event)}\n`);
      }
    }
    for (const address of event.addresses) {
      const text = `    ${describeAddress(address)}`;
      stdout.write(`${colour ? styleText('yellow', text, { validateStream: false }) : text}\n`);
    }
  };
}

/** For programs: one object per line. */
export function jsonView({ stdout }: CliContext, filter: LineFilter): MonitorView {
  return (event) => {
    if (event.kind === 'partial') return;
    if (event.kind === 'note') {
      const { kind, ...facts } = event.note;
      const text = describeNote(event.note);
      stdout.write(`${JSON.stringify({ timeMs: event.timeMs, event: kind, text, ...facts })}\n`);
      return;
    }
    const { timeMs, text, level, addresses } = event;
    if (!filter(text, level) && addresses.length === 0) return;
    stdout.write(
      `${JSON.stringify({
        timeMs,
        text,
        ...(level === null ? {} : { level }),
        ...(addresses.length === 0 ? {} : { addresses }),
      })}\n`,
    );
  };
}

/** For a log file: every line as a whole, without colours, with date and time. */
export function logText(event: MonitorEvent): string {
  if (event.kind === 'partial') return '';
  const stamp = new Date(event.timeMs).toISOString();
  if (event.kind === 'note') return `${stamp} --- ${describeNote(event.note)}\n`;
  const decoded = event.addresses.map((address) => `${stamp}     ${describeAddress(address)}\n`);
  return `${stamp} ${event.text}\n${decoded.join('')}`;
}

/** `12:34:56.789`, as the clock on the wall says. */
function timeOfDay(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}
