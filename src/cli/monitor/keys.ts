/** What a key asks for. */
export type KeyAction =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  | { readonly kind: 'interrupt' | 'end' | 'reset' | 'loader' | 'help' };

const CTRL = {
  b: 0x02,
  c: 0x03,
  h: 0x08,
  r: 0x12,
  t: 0x14,
  rightBracket: 0x1d,
};

/** After Ctrl-T; the letter without Ctrl does too. */
const COMMANDS: ReadonlyMap<number, KeyAction> = new Map<number, KeyAction>([
  ...withLetter(CTRL.r, 'r', { kind: 'reset' }),
  ...withLetter(CTRL.b, 'b', { kind: 'loader' }),
  ...withLetter(CTRL.h, 'h', { kind: 'help' }),
  [CTRL.c, { kind: 'send', bytes: Uint8Array.of(CTRL.c) }],
  [CTRL.t, { kind: 'send', bytes: Uint8Array.of(CTRL.t) }],
  [CTRL.rightBracket, { kind: 'send', bytes: Uint8Array.of(CTRL.rightBracket) }],
]);

function withLetter(
  control: number,
  letter: string,
  action: KeyAction,
): readonly (readonly [number, KeyAction])[] {
  return [control, letter.charCodeAt(0), letter.toUpperCase().charCodeAt(0)].map((code) => [
    code,
    action,
  ]);
}

/** Tells keys for the monitor from what is typed to the board. Chunks may end between Ctrl-T and its key. */
export class KeyReader {
  #afterMenuKey = false;

  feed(bytes: Uint8Array): readonly KeyAction[] {
    const actions: KeyAction[] = [];
    let typed: number[] = [];
    const act = (action: KeyAction) => {
      if (typed.length > 0) actions.push({ kind: 'send', bytes: Uint8Array.from(typed) });
      typed = [];
      actions.push(action);
    };
    for (const byte of bytes) {
      if (this.#afterMenuKey) {
        this.#afterMenuKey = false;
        act(COMMANDS.get(byte) ?? { kind: 'help' });
      } else if (byte === CTRL.t) this.#afterMenuKey = true;
      else if (byte === CTRL.c) act({ kind: 'interrupt' });
      else if (byte === CTRL.rightBracket) act({ kind: 'end' });
      else typed.push(byte);
    }
    if (typed.length > 0) actions.push({ kind: 'send', bytes: Uint8Array.from(typed) });
    return actions;
  }
}

/** For Ctrl-T Ctrl-H. */
export const KEY_HELP =
  'Ctrl-C ends. Ctrl-T, then: Ctrl-R resets the board, Ctrl-B enters its loader, Ctrl-C and Ctrl-T send themselves.';
