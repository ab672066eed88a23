import {
  type ElfUnderTest,
  type LineFilter,
  Monitor,
  type MonitorEvent,
} from '../../flash/index.ts';
import { systemClock } from '../../shared/index.ts';
import type { Link } from '../../transport/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { openPort } from '../links.ts';
import { patientOpen } from '../patient-open.ts';
import { KEY_HELP, type KeyAction } from './keys.ts';
import { openLogFile } from './log-file.ts';
import { readTyped } from './typed-input.ts';
import { jsonView, logText, textView } from './view.ts';

/** How to watch a board on this terminal. */
export interface WatchOptions {
  readonly target: string;
  readonly baudRate: number;
  readonly elf: ElfUnderTest | null;
  /** Whether, or how, the board is started once it is listened to. */
  readonly reset: boolean | (() => Promise<Uint8Array>);
  readonly timestamps: boolean;
  readonly filter: LineFilter;
  readonly logPath: string | null;
  readonly json: boolean;
  /** An open link to go on with, as after flashing; it is disposed of at the end. */
  readonly link?: Link;
}

/**
 * Shows what a board prints until Ctrl-C (which rejects with `cli/interrupted`), Ctrl-], or until
 * nobody reads the output any more. The port is free afterwards.
 */
export async function watchBoard(context: CliContext, options: WatchOptions): Promise<void> {
  const ending = new AbortController();
  const { signal: finished } = ending;
  await using log = options.logPath === null ? null : await openLogFile(options.logPath);
  log?.failed.catch((error: unknown) => ending.abort(error));
  const view = options.json
    ? jsonView(context, options.filter)
    : textView(context, { timestamps: options.timestamps, filter: options.filter });
  const onEvent = (event: MonitorEvent) => {
    view(event);
    log?.append(logText(event));
    // `otakit monitor | head`: nobody would ever see what comes now.
    if (context.stdout.writable === false) ending.abort(END);
  };
  const monitor = new Monitor({
    target: options.target,
    baudRate: options.baudRate,
    open: patientOpen(openPort, systemClock),
    clock: systemClock,
    signal: AbortSignal.any([context.signal, finished]),
    elf: options.elf,
    reset: options.reset,
    onEvent,
    ...(options.link === undefined ? {} : { link: options.link }),
  });
  const act = (action: KeyAction) => {
    const work = perform(action);
    work?.catch((error: unknown) => ending.abort(error));
  };
  const perform = (action: KeyAction): Promise<void> | null => {
    switch (action.kind) {
      case 'send':
        return monitor.send(action.bytes);
      case 'reset':
        return monitor.reset();
      case 'loader':
        return monitor.enterLoader();
      case 'help':
        context.stderr.write(`--- ${KEY_HELP}\n`);
        return null;
      case 'interrupt':
        ending.abort(new CliError('cli/interrupted', 'interrupted'));
        return null;
      case 'end':
        ending.abort(END);
        return null;
    }
  };
  using _typed = readTyped(context.stdin, act);
  if (!options.json) context.stderr.write(`--- ${greeting(options)}\n`);
  try {
    await monitor.run();
  } catch (error) {
    if (finished.reason === END) return;
    throw finished.aborted ? (finished.reason as Error) : error;
  }
}

/** Why the monitor ends when all is well. */
const END = new Error('ended');

function greeting({ target, baudRate }: WatchOptions): string {
  return `${target} at ${baudRate} baud. Ctrl-C ends, Ctrl-T Ctrl-H helps.`;
}
