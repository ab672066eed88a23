import { type LineSequence, readLineSequences } from './dwarf-lines.ts';
import type { Elf, ElfSymbol } from './parse-elf.ts';
import { followsRiscvCall } from './riscv-calls.ts';

/** Where in the source an address of the machine code comes from. */
export interface CodeLocation {
  /** The function's symbol as the linker has it; `null` where no symbol covers the address. */
  readonly function: string | null;
  /** The path as the compiler was given it; `null` without debug information. */
  readonly file: string | null;
  /** Counted from 1; `null` where the compiler named none. */
  readonly line: number | null;
}

/** What is where in a program's code. */
export interface CodeMap {
  /** `null` where the program has no code at that address. */
  locate(address: number): CodeLocation | null;
  /**
   * Whether a call returns to that address: the instruction before it is one. Tells the return
   * addresses on a stack from other numbers there. Always `false` for Xtensa, whose panics come with
   * a backtrace.
   */
  followsCall(address: number): boolean;
}

/**
 * A map from addresses to functions and source lines, from the symbols and the DWARF line tables of
 * an ELF file. They are read at the first look-up: most sessions never have a crash.
 */
export function createCodeMap(elf: Elf): CodeMap {
  let tables: { functions: readonly ElfSymbol[]; sequences: readonly LineSequence[] } | null = null;
  const pieceAt = (address: number) =>
    elf.code.find(
      (piece) => address >= piece.address && address - piece.address < piece.data.length,
    );
  return {
    followsCall: (address) => {
      const piece = pieceAt(address);
      if (piece === undefined || elf.machine !== 'riscv') return false;
      return followsRiscvCall(piece.data, address - piece.address);
    },
    locate: (address) => {
      if (pieceAt(address) === undefined) return null;
      tables ??= {
        functions: elf.symbols
          .filter(({ kind }) => kind === 'function')
          .toSorted((a, b) => a.address - b.address),
        sequences: readLineSequences(elf),
      };
      const symbol = covering(tables.functions, address);
      return { function: symbol?.name ?? null, ...lineOf(tables.sequences, address) };
    },
  };
}

/** The last symbol at or before the address, where it reaches that far. */
function covering(functions: readonly ElfSymbol[], address: number): ElfSymbol | null {
  const index = lastAtOrBefore(functions, (symbol) => symbol.address, address);
  const symbol = functions[index];
  return symbol !== undefined && address - symbol.address < symbol.sizeBytes ? symbol : null;
}

function lineOf(
  sequences: readonly LineSequence[],
  address: number,
): Pick<CodeLocation, 'file' | 'line'> {
  const sequence = sequences[lastAtOrBefore(sequences, ({ start }) => start, address)];
  if (sequence === undefined || address >= sequence.end) return { file: null, line: null };
  const { rows } = sequence;
  const row = rows[lastAtOrBefore(rows, (one) => one.address, address)];
  if (row === undefined) return { file: null, line: null };
  return { file: row.file, line: row.line === 0 ? null : row.line };
}

/** The index of the last item whose key is not above the limit; -1 where there is none. */
function lastAtOrBefore<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => number,
  limit: number,
): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && keyOf(item) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
