import type { Readable } from 'node:stream';
import { type KeyAction, KeyReader } from './keys.ts';

/** Standard input as a terminal gives it, key by key. */
interface Terminal extends Readable {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

/**
 * Reads what is typed until disposed of. A terminal is put into raw mode, so that every key reaches
 * the board at once, and put back afterwards; from a pipe every byte is for the board.
 */
export function readTyped(stdin: Readable, onAction: (action: KeyAction) => void): Disposable {
  const terminal: Terminal = stdin;
  const isTerminal = terminal.isTTY === true;
  const keys = new KeyReader();
  const onData = (chunk: Uint8Array | string) => {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    if (!isTerminal) onAction({ kind: 'send', bytes });
    else for (const action of keys.feed(bytes)) onAction(action);
  };
  if (isTerminal) terminal.setRawMode?.(true);
  stdin.on('data', onData);
  return {
    [Symbol.dispose]: () => {
      stdin.off('data', onData);
      // Otherwise the process would wait for more input before it ends.
      stdin.pause();
      if (isTerminal) terminal.setRawMode?.(false);
    },
  };
}
