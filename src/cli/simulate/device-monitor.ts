import { styleText } from 'node:util';
import { formatCount, printable } from '../../shared/index.ts';
import {
  formatLogLine,
  type LogLevel,
  type LogSink,
  type MicroRdkEvent,
  type RebootReason,
} from '../../simulator/index.ts';
import { type CliContext, wantsColour } from '../context.ts';

/** Shows what a virtual device does. */
export interface DeviceMonitor {
  /** Its log, as on a serial port: on stderr. */
  readonly logs: LogSink;
  /** What it comes to: on stdout. */
  readonly show: (event: MicroRdkEvent) => void;
  /** A word to the user, which is not the device's. */
  readonly note: (text: string) => void;
}

const COLOUR = { error: 'red', warn: 'yellow', info: 'green' } as const satisfies Record<
  LogLevel,
  string
>;
/** The device logs one of these per frame; on a terminal each takes the place of the one before. */
const PROGRESS_LINE = /bytes written$/;

/** Text for people, or one JSON object per event. */
export function deviceMonitor(
  { json = false, quiet = false }: { readonly json?: boolean; readonly quiet?: boolean },
  { stdout, stderr, env }: CliContext,
): DeviceMonitor {
  const colour = wantsColour(stderr, env);
  let lineIsOpen = false;
  const closeLine = () => {
    if (lineIsOpen) stderr.write('\n');
    lineIsOpen = false;
  };
  return {
    logs: {
      write: (line) => {
        if (quiet) return;
        const text = printable(formatLogLine(line));
        const shown = colour
          ? styleText(COLOUR[line.level], text, { validateStream: false })
          : text;
        const replaces = stderr.isTTY === true && PROGRESS_LINE.test(line.message);
        if (!replaces) closeLine();
        stderr.write(replaces ? `\r${shown}\u001b[K` : `${shown}\n`);
        lineIsOpen = replaces;
      },
    },
    show: (event) => {
      closeLine();
      if (json) {
        const { kind, ...rest } = event;
        stdout.write(`${JSON.stringify({ event: kind, ...rest })}\n`);
        return;
      }
      const text = describe(event);
      if (text !== null) stdout.write(`${printable(text)}\n`);
    },
    note: (text) => {
      closeLine();
      stderr.write(`note: ${printable(text)}\n`);
    },
  };
}

function describe(event: MicroRdkEvent): string | null {
  switch (event.kind) {
    case 'booted':
      return `device: runs ${firmware(event)}`;
    case 'update':
      return `device: updates to tag ${event.tag}, into ${event.slot}`;
    case 'written':
      return `device: wrote ${formatCount(event.sizeBytes)} bytes to ${event.slot}`;
    case 'failed':
      return `device: ${event.message}`;
    case 'rebooted':
      return `device: ${REBOOTS[event.reason]}${event.fellBack ? ', but the bootloader refused the new slot' : ''}; runs ${firmware(event)}`;
    case 'deprovisioned':
      return `device: erased its credentials, which the cloud refused: ${event.message}`;
    case 'stuck':
      return `device: boots no more: ${event.message}`;
    case 'polled':
    case 'progress':
      return null;
  }
}

const REBOOTS = {
  update: 'updated and rebooted',
  'config-changed': 'rebooted for its changed config',
  'restart-requested': 'restarted, as the cloud told it to',
  panic: 'panicked and rebooted',
} as const satisfies Record<RebootReason, string>;

function firmware(state: {
  readonly slot: string;
  readonly version: string | null;
  readonly tag: string | null;
}): string {
  const tag = state.tag === null ? 'no tag stored' : `tag ${state.tag}`;
  return `${state.slot}, version ${state.version ?? '(not UTF-8)'}, ${tag}`;
}
