/** An address of code that a crash report names. */
export interface NamedAddress {
  readonly address: number;
  /** What it is called there: `backtrace`, or a register. */
  readonly role: string;
  /**
   * Whether it is where a call returns to. The call itself is just before, so the source line is that
   * of the byte before. (ESP-IDF has moved those of a backtrace already.)
   */
  readonly isReturn: boolean;
  /** Whether it may be any number, and counts only where the program has a call just before it. */
  readonly isGuess: boolean;
}

/** `Backtrace: 0x400d1234:0x3ffb0010 …`, on Xtensa and on RISC-V with frame pointers; PC and stack pointer. */
const BACKTRACE = /^\s*Backtrace:\s*(.*)$/i;
const FRAME = /0x([0-9a-f]{8}):0x[0-9a-f]{8}/gi;
/** A line of the stack dump in panics on RISC-V, which have no backtrace: address and eight words. */
const STACK_DUMP = /^[0-9a-f]{8}: ((?:0x[0-9a-f]{8}\s*)+)$/i;
/** Registers that hold code, in the dumps of both architectures. */
const REGISTER = /\b(PC|EPC\d|EXCSAVE\d|A0|MEPC|RA|MTVEC)\s*:\s*0x([0-9a-f]{8})\b/g;
/** `abort() was called at PC 0x400d1234 on core 0`, and the task watchdog's `at PC`. */
const AT_PC = /\bPC\s+0x([0-9a-f]{8})\b/gi;

/**
 * Finds the code addresses in a line of a crash report: backtraces, register and stack dumps, `abort()`.
 * What other lines print as numbers is left alone.
 */
export function findCodeAddresses(text: string): readonly NamedAddress[] {
  const backtrace = BACKTRACE.exec(text)?.[1];
  if (backtrace !== undefined) {
    return Array.from(backtrace.matchAll(FRAME), ([, digits = '']) => ({
      address: Number.parseInt(digits, 16),
      role: 'backtrace',
      isReturn: false,
      isGuess: false,
    }));
  }
  const stack = STACK_DUMP.exec(text)?.[1];
  if (stack !== undefined) {
    return Array.from(stack.matchAll(/0x([0-9a-f]{8})/gi), ([, digits = '']) => ({
      address: Number.parseInt(digits, 16),
      role: 'stack',
      isReturn: true,
      isGuess: true,
    }));
  }
  const registers = Array.from(text.matchAll(REGISTER), ([, name = '', digits = '']) =>
    register(name, Number.parseInt(digits, 16)),
  );
  const places = Array.from(text.matchAll(AT_PC), ([, digits = '']) => ({
    address: Number.parseInt(digits, 16),
    role: 'PC',
    isReturn: false,
    isGuess: false,
  }));
  return [...registers, ...places];
}

function register(name: string, value: number): NamedAddress {
  const isReturn = name === 'RA' || name === 'A0';
  const found = { address: value, role: name, isReturn, isGuess: false };
  if (name !== 'A0') return found;
  // Windowed calls keep the size of the window in the two upper bits of the return address; code is
  // in the gigabyte that starts at 0x40000000.
  const address = value >>> 30 === 0 ? value : ((value & 0x3fff_ffff) | 0x4000_0000) >>> 0;
  return { ...found, address };
}
