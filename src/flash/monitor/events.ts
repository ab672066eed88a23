import type { DecodedAddress } from './decode-addresses.ts';
import type { LogLevel } from './log-level.ts';
import { describeResetLoop, type ResetLoop } from './reset-loop.ts';
import type { ResetReason } from './reset-reason.ts';

/** A whole line that the board printed. */
export interface MonitorLine {
  readonly kind: 'line';
  /** When its end came, in milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Without colours, control characters as `\xNN`. */
  readonly text: string;
  /** With the board's own colours and no other control characters. */
  readonly coloured: string;
  readonly hasColours: boolean;
  readonly level: LogLevel | null;
  /** Code addresses of a crash report; empty without an ELF file. */
  readonly addresses: readonly DecodedAddress[];
}

/** What has come of the next line, when nothing follows for a moment: a prompt, for example. */
export interface MonitorPartial {
  readonly kind: 'partial';
  readonly timeMs: number;
  readonly text: string;
}

/** Something to point out. */
export interface MonitorNote {
  readonly kind: 'note';
  readonly timeMs: number;
  readonly note: Note;
}

/** Whatever a monitor reports: a line, part of one, or a note on what happened. */
export type MonitorEvent = MonitorLine | MonitorPartial | MonitorNote;

/** What a monitor noticed, told apart by `kind`. */
export type Note =
  | { readonly kind: 'lost' | 'reconnected'; readonly target: string }
  | { readonly kind: 'reset'; readonly reason: ResetReason }
  | { readonly kind: 'reset-loop'; readonly loop: ResetLoop }
  | { readonly kind: 'download-mode' | 'noise' }
  | { readonly kind: 'no-signals'; readonly target: string }
  | { readonly kind: 'wrong-elf'; readonly runningSha256: string; readonly elfSha256: string };

/** A note as one or two sentences. */
export function describeNote(note: Note): string {
  switch (note.kind) {
    case 'lost':
      return `${note.target} went away; waiting for it to come back.`;
    case 'reconnected':
      return `${note.target} is back.`;
    case 'reset':
      return `The chip was reset: ${note.reason.meaning}.`;
    case 'reset-loop':
      return describeResetLoop(note.loop);
    case 'download-mode':
      return 'The chip waits in its loader: IO0 was low at reset. Reset it to start the application.';
    case 'noise':
      return 'What comes is no text: the console may run at another rate. Try --baud 74880, 9600, 460800 or 921600.';
    case 'no-signals':
      return `${note.target} has no modem lines to reset the board with: press its reset button (EN).`;
    case 'wrong-elf':
      return `The board runs another build than the .elf (ELF ${note.runningSha256}, the file is ${note.elfSha256.slice(0, note.runningSha256.length)}): decoded addresses are wrong.`;
  }
}
