import { DwarfReader } from './dwarf-reader.ts';

/** The header of one line-number program: how to run it, and the files its rows name. */
export interface LineHeader {
  readonly minInstructionBytes: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** How many arguments each standard opcode has, from opcode 1. */
  readonly argumentCounts: readonly number[];
  /** The path that a row's file number stands for; `null` for a number that is not in the table. */
  readonly fileName: (file: number) => string | null;
}

/** The sections that paths of version 5 are kept in. */
export interface StringSections {
  readonly strings: Uint8Array;
  readonly lineStrings: Uint8Array;
}

/** What a line program says of itself before it is known whether it can be read. */
export const SUPPORTED_VERSIONS = { first: 2, last: 5 };

/**
 * Reads the header of a line program, versions 2 to 5 of DWARF in its 32-bit form.
 *
 * @param unit starts after the version
 */
export function readLineHeader(
  unit: DwarfReader,
  version: number,
  sections: StringSections,
): { readonly header: LineHeader; readonly program: DwarfReader } {
  if (version >= 5) unit.skip(2, 'address and segment selector sizes');
  const headerBytes = unit.u32('line header length');
  const rest = new DwarfReader(unit.bytes(headerBytes, 'line header'));
  const program = new DwarfReader(unit.bytes(unit.remaining, 'line program'));
  const minInstructionBytes = rest.u8('minimum instruction length');
  if (version >= 4) rest.skip(1, 'maximum operations per instruction');
  rest.skip(1, 'default of is_stmt');
  const lineBase = rest.i8('line base');
  const lineRange = rest.u8('line range');
  const opcodeBase = rest.u8('opcode base');
  const argumentCounts = Array.from({ length: Math.max(0, opcodeBase - 1) }, () =>
    rest.u8('opcode length'),
  );
  const fileName = version >= 5 ? readFiles5(rest, sections) : readFiles2(rest);
  return {
    header: { minInstructionBytes, lineBase, lineRange, opcodeBase, argumentCounts, fileName },
    program,
  };
}

/** Versions 2 to 4: lists that end with an empty name, numbered from 1; 0 is the compiler's folder. */
function readFiles2(reader: DwarfReader): LineHeader['fileName'] {
  const folders: string[] = [];
  for (let name = reader.string('folder'); name !== ''; name = reader.string('folder')) {
    folders.push(name);
  }
  const files: string[] = [];
  for (let name = reader.string('file'); name !== ''; name = reader.string('file')) {
    const folder = reader.uleb('folder of a file');
    reader.uleb('file time');
    reader.uleb('file length');
    files.push(join(folders[folder - 1], name));
  }
  return (file) => files[file - 1] ?? null;
}

/** Version 5: tables that say themselves what their columns are; number 0 is the first. */
function readFiles5(reader: DwarfReader, sections: StringSections): LineHeader['fileName'] {
  const folders = readTable(reader, sections).map(({ path }) => path);
  const files = readTable(reader, sections).map(({ path, folder }) => {
    const parent = folders[folder];
    // A folder is relative to the first, which is the compiler's own.
    return join(folder === 0 ? parent : join(folders[0], parent ?? ''), path);
  });
  return (file) => files[file] ?? null;
}

const CONTENT = { path: 1, folder: 2 };

function readTable(
  reader: DwarfReader,
  sections: StringSections,
): readonly { readonly path: string; readonly folder: number }[] {
  const columns = Array.from({ length: reader.u8('column count') }, () => ({
    content: reader.uleb('column content'),
    form: reader.uleb('column form'),
  }));
  const rows: { path: string; folder: number }[] = [];
  const count = reader.uleb('row count');
  for (let index = 0; index < count; index += 1) {
    const row = { path: '', folder: 0 };
    for (const { content, form } of columns) {
      const value = readForm(reader, form, sections);
      if (content === CONTENT.path && typeof value === 'string') row.path = value;
      if (content === CONTENT.folder && typeof value === 'number') row.folder = value;
    }
    rows.push(row);
    if (columns.length === 0) break;
  }
  return rows;
}

/** The forms that version 5 allows in these tables. */
function readForm(
  reader: DwarfReader,
  form: number,
  { strings, lineStrings }: StringSections,
): string | number | null {
  switch (form) {
    case 0x08:
      return reader.string('path');
    case 0x0e:
      return stringAt(strings, reader.u32('path offset'));
    case 0x1f:
      return stringAt(lineStrings, reader.u32('path offset'));
    case 0x0b:
      return reader.u8('number');
    case 0x05:
      return reader.u16('number');
    case 0x06:
      return reader.u32('number');
    case 0x0f:
      return reader.uleb('number');
    case 0x07:
      reader.skip(8, 'number');
      return null;
    case 0x1e:
      reader.skip(16, 'MD5');
      return null;
    case 0x09:
      reader.skip(reader.uleb('block length'), 'block');
      return null;
    default:
      throw new UnknownForm(form);
  }
}

/** A column of a kind that the standard does not have: the unit cannot be read on. */
export class UnknownForm extends Error {
  constructor(form: number) {
    super(`a line table has a column of form 0x${form.toString(16)}`);
  }
}

function stringAt(section: Uint8Array, offset: number): string | null {
  if (offset >= section.length) return null;
  return new DwarfReader(section.subarray(offset)).string('path');
}

function join(folder: string | undefined, name: string): string {
  const isAbsolute = /^([a-z]:)?[\\/]/i.test(name);
  if (isAbsolute || folder === undefined || folder === '') return name;
  return name === '' ? folder : `${folder}/${name}`;
}
