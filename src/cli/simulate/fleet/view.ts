import { counted, formatCount, printable } from '../../../shared/index.ts';
import type { VirtualDeviceEvent } from '../../../simulator/index.ts';
import type { CliContext } from '../../context.ts';
import type { FleetSummary, FleetTally } from './tally.ts';

const BAR = 24;
const KEPT_EVENTS = 6;

/** Shows what a virtual fleet does while it runs, and what it came to. */
export interface FleetView {
  /** A word about the run itself. */
  note(text: string): void;
  event(event: VirtualDeviceEvent): void;
  /** Called about four times a second. */
  refresh(): void;
  /** The last word. */
  end(): void;
}

/** One object per line, for programs. */
export function jsonView({ stdout }: CliContext, tally: FleetTally): FleetView {
  let last = '';
  const line = (value: object) => stdout.write(`${JSON.stringify(value)}\n`);
  const summary = () => {
    const now = tally.summary();
    const text = JSON.stringify(now);
    if (text !== last) line({ event: 'summary', ...now });
    last = text;
  };
  return {
    note: () => {},
    event: (event) => {
      const { kind, ...rest } = event;
      if (kind !== 'state') line({ event: kind, ...rest });
    },
    refresh: () => {},
    end: summary,
  };
}

/** A line for each thing that happened, for pipes and logs. */
export function lineView({ stdout, stderr }: CliContext, tally: FleetTally): FleetView {
  return {
    note: (text) => void stderr.write(`${text}\n`),
    event: (event) => {
      const text = eventText(event);
      if (text !== null) stderr.write(`${text}\n`);
    },
    refresh: () => {},
    end: () => void stdout.write(`${summaryLines(tally.summary(), null).join('\n')}\n`),
  };
}

/** One screen that is drawn anew in place, for terminals. */
export function screenView({ stdout, stderr }: CliContext, tally: FleetTally): FleetView {
  const recent: string[] = [];
  let drawn = 0;
  const clear = () => {
    if (drawn > 0) stderr.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  return {
    note: (text) => {
      clear();
      stderr.write(`${text}\n`);
    },
    event: (event) => {
      const text = event.kind === 'booted' || event.kind === 'trouble' ? null : eventText(event);
      if (text === null) return;
      recent.push(text);
      if (recent.length > KEPT_EVENTS) recent.shift();
    },
    refresh: () => {
      const width = Math.max(40, stderr.columns ?? 80);
      const lines = [...summaryLines(tally.summary(), tally.lastTrouble), ...recent];
      clear();
      stderr.write(lines.map((line) => `${line.slice(0, width - 1)}\n`).join(''));
      drawn = lines.length;
    },
    end: () => {
      clear();
      stdout.write(`${summaryLines(tally.summary(), null).join('\n')}\n`);
    },
  };
}

function summaryLines(summary: FleetSummary, trouble: string | null): string[] {
  const { devices, states, versions } = summary;
  const named = Object.entries(states).map(([state, count]) => `${state} ${formatCount(count)}`);
  const lines = [`${counted(devices, 'device')}: ${named.join(' · ')}`];
  const longest = Math.max(...Object.keys(versions).map((version) => version.length), 0);
  for (const [version, count] of Object.entries(versions)) {
    const share = count / devices;
    const bar = '█'.repeat(Math.round(share * BAR)).padEnd(BAR, '░');
    const percent = `${(share * 100).toFixed(share === 1 ? 0 : 1)} %`;
    const name = printable(version).padEnd(longest);
    lines.push(`  ${name}  ${bar} ${formatCount(count).padStart(7)}  ${percent}`);
  }
  const counts = [
    `updates ${formatCount(summary.updated)}`,
    `failed ${formatCount(summary.failed)}`,
    `rolled back ${formatCount(summary.rolledBack)}`,
    `resumed ${formatCount(summary.resumed)}`,
    `commands ${formatCount(summary.commands)}`,
  ];
  lines.push(`  ${counts.join(' · ')}`);
  if (summary.troubles > 0) {
    const last = trouble === null ? '' : `, last: ${printable(trouble)}`;
    lines.push(`  requests tried again: ${formatCount(summary.troubles)}${last}`);
  }
  return lines;
}

/** What happened, in a line; `null` for what is not worth one. */
function eventText(event: VirtualDeviceEvent): string | null {
  const { deviceId } = event;
  switch (event.kind) {
    case 'state':
      return null;
    case 'offered':
      return `${deviceId} is offered ${event.packageId} ${printable(event.version)}`;
    case 'resumed':
      return `${deviceId} resumes its download at byte ${formatCount(event.fromByte)}`;
    case 'failed':
      return `${deviceId} failed ${printable(event.version)}: ${printable(event.reason)}`;
    case 'rolled-back':
      return `${deviceId} rolled back from ${printable(event.version)}: ${printable(event.reason)}`;
    case 'booted':
      return `${deviceId} booted ${printable(event.version)}`;
    case 'command':
      return `${deviceId} ${event.done ? 'carried out' : 'could not carry out'} "${printable(event.name)}"`;
    case 'trouble':
      return `${deviceId}: ${printable(event.message)}`;
  }
}
