import { BytesError } from '../../shared/index.ts';
import {
  type LineHeader,
  readLineHeader,
  type StringSections,
  SUPPORTED_VERSIONS,
  UnknownForm,
} from './dwarf-line-header.ts';
import { DwarfReader } from './dwarf-reader.ts';
import type { Elf } from './parse-elf.ts';

/** A run of machine code without gaps, and the source line of each part of it. */
export interface LineSequence {
  readonly start: number;
  /** The first address behind it. */
  readonly end: number;
  /** By address, rising. */
  readonly rows: readonly LineRow[];
}

/** From this address to the next row's. */
export interface LineRow {
  readonly address: number;
  readonly file: string | null;
  /** Counted from 1; 0 where the compiler could name none. */
  readonly line: number;
}

/**
 * Reads the line tables of a program: `.debug_line` of DWARF 2 to 5 (dwarfstd.org, chapter 6.2).
 * A unit that is damaged or of another version is left out; the others are still good.
 */
export function readLineSequences({ debug }: Pick<Elf, 'debug'>): readonly LineSequence[] {
  const section = (name: string) =>
    debug.find((piece) => piece.name === name)?.data ?? new Uint8Array(0);
  const sections = { strings: section('.debug_str'), lineStrings: section('.debug_line_str') };
  const all = new DwarfReader(section('.debug_line'));
  const sequences: LineSequence[] = [];
  while (all.remaining >= 4) {
    const length = all.u32('unit length');
    // Larger values announce the 64-bit form, which no 32-bit target has, or are no length at all.
    if (length > all.remaining) break;
    sequences.push(...readUnit(new DwarfReader(all.bytes(length, 'line unit')), sections));
  }
  return sequences.toSorted((a, b) => a.start - b.start);
}

function readUnit(unit: DwarfReader, sections: StringSections): readonly LineSequence[] {
  try {
    const version = unit.u16('line table version');
    const { first, last } = SUPPORTED_VERSIONS;
    if (version < first || version > last) return [];
    const { header, program } = readLineHeader(unit, version, sections);
    if (header.lineRange === 0 || header.opcodeBase === 0) return [];
    return runProgram(program, header);
  } catch (error) {
    if (error instanceof BytesError || error instanceof UnknownForm) return [];
    throw error;
  }
}

const STANDARD = {
  copy: 1,
  advancePc: 2,
  advanceLine: 3,
  setFile: 4,
  constAddPc: 8,
  fixedAdvancePc: 9,
};
const EXTENDED = { endSequence: 1, setAddress: 2 };

/** Runs one line program and collects what it emits. */
function runProgram(program: DwarfReader, header: LineHeader): readonly LineSequence[] {
  const sequences: LineSequence[] = [];
  let rows: LineRow[] = [];
  let address = 0;
  let file = 1;
  let line = 1;
  const advance = (instructions: number) => {
    address = (address + instructions * header.minInstructionBytes) >>> 0;
  };
  const emit = () => rows.push({ address, file: header.fileName(file), line });
  const special = (adjusted: number) => {
    advance(Math.floor(adjusted / header.lineRange));
    line += header.lineBase + (adjusted % header.lineRange);
  };
  while (program.remaining > 0) {
    const opcode = program.u8('opcode');
    if (opcode >= header.opcodeBase) {
      special(opcode - header.opcodeBase);
      emit();
      continue;
    }
    switch (opcode) {
      case 0: {
        const length = program.uleb('length of an extended opcode');
        if (length === 0) break;
        const kind = program.u8('extended opcode');
        const argument = program.bytes(length - 1, 'extended opcode');
        if (kind === EXTENDED.setAddress && argument.length >= 4) {
          address = new DwarfReader(argument).u32('address');
        }
        if (kind === EXTENDED.endSequence) {
          const start = rows[0]?.address ?? address;
          // The linker puts functions that it threw away at 0.
          if (start !== 0 && address > start) sequences.push({ start, end: address, rows });
          rows = [];
          address = 0;
          file = 1;
          line = 1;
        }
        break;
      }
      case STANDARD.copy:
        emit();
        break;
      case STANDARD.advancePc:
        advance(program.uleb('address advance'));
        break;
      case STANDARD.advanceLine:
        line += program.sleb('line advance');
        break;
      case STANDARD.setFile:
        file = program.uleb('file');
        break;
      case STANDARD.constAddPc:
        advance(Math.floor((255 - header.opcodeBase) / header.lineRange));
        break;
      case STANDARD.fixedAdvancePc:
        address = (address + program.u16('address advance')) >>> 0;
        break;
      default:
        for (let count = header.argumentCounts[opcode - 1] ?? 0; count > 0; count -= 1) {
          program.uleb('argument of an opcode');
        }
    }
  }
  return sequences;
}
