import { ByteReader } from '../../shared/index.ts';
import { AppImageError } from '../codes.ts';

const FILE_HEADER_BYTES = 52;
const SECTION_HEADER_BYTES = 40;
const PROGRAM_HEADER_BYTES = 32;
const PROGRAM_LOAD = 1;
const SECTION_SYMBOLS = 2;
const FLAG_EXECUTABLE = 0x4;
const FLAG_COMPRESSED = 0x800;

/** Section types with contents that are loaded: code and data, and the three arrays of functions. */
const LOADED_SECTIONS = new Set([0x01, 0x0e, 0x0f, 0x10]);

/** A loadable piece of a program. */
export interface ElfPiece {
  /** Of a section; empty for a program segment. */
  readonly name: string;
  readonly address: number;
  readonly data: Uint8Array;
}

/** A function or variable. */
export interface ElfSymbol {
  readonly kind: 'function' | 'variable';
  readonly name: string;
  readonly address: number;
  readonly sizeBytes: number;
}

/** What an image is made of, read from a 32-bit little-endian ELF file. */
export interface Elf {
  readonly machine: 'xtensa' | 'riscv';
  readonly entryPoint: number;
  /** Sections with contents and an address, in the order of the file. */
  readonly sections: readonly ElfPiece[];
  /** The loadable program segments, by their physical address. */
  readonly segments: readonly ElfPiece[];
  /** Functions and variables with a size; empty where the file was stripped. */
  readonly symbols: readonly ElfSymbol[];
  /** Where the machine code is: the sections that can be executed. */
  readonly code: readonly ElfPiece[];
  /** The `.debug_…` sections that are not compressed; empty where the file was stripped. */
  readonly debug: readonly ElfPiece[];
}

const MACHINES: Readonly<Record<number, Elf['machine']>> = { 0x5e: 'xtensa', 0xf3: 'riscv' };

/**
 * Reads an ELF file.
 *
 * @throws AppImageError `app-image/bad-elf`
 */
export function parseElf(bytes: Uint8Array): Elf {
  if (bytes.length < FILE_HEADER_BYTES || bytes[0] !== 0x7f || bytes[1] !== 0x45) {
    throw bad('is no ELF file');
  }
  if (bytes[4] !== 1 || bytes[5] !== 1) throw bad('is no 32-bit little-endian ELF file');
  const reader = new ByteReader(bytes);
  reader.skip(18, 'identification');
  const machineId = reader.u16('machine');
  const machine = MACHINES[machineId];
  if (machine === undefined)
    throw bad(`is for machine 0x${machineId.toString(16)}, not an ESP chip`);
  reader.skip(4, 'version');
  const entryPoint = reader.u32('entry point');
  const programHeaders = { offset: reader.u32('program headers'), size: PROGRAM_HEADER_BYTES };
  const sectionHeaders = { offset: reader.u32('section headers'), size: SECTION_HEADER_BYTES };
  reader.skip(6, 'flags and header size');
  const programHeaderBytes = reader.u16('program header size');
  const programHeaderCount = reader.u16('program header count');
  const sectionHeaderBytes = reader.u16('section header size');
  const sectionHeaderCount = reader.u16('section header count');
  const nameSection = reader.u16('section of names');
  if (programHeaderCount > 0 && programHeaderBytes !== programHeaders.size) {
    throw bad(`has program headers of ${programHeaderBytes} bytes`);
  }
  if (sectionHeaderCount > 0 && sectionHeaderBytes !== sectionHeaders.size) {
    throw bad(`has section headers of ${sectionHeaderBytes} bytes`);
  }
  const headers = readSectionHeaders(bytes, sectionHeaders.offset, sectionHeaderCount);
  const sections = readSections(bytes, headers, nameSection);
  const loaded = sections.filter(
    ({ type, address, data }) => LOADED_SECTIONS.has(type) && address !== 0 && data.length > 0,
  );
  return {
    machine,
    entryPoint,
    sections: loaded.map(asPiece),
    segments: loadedSegments(bytes, programHeaders.offset, programHeaderCount),
    symbols: readSymbols(bytes, headers),
    code: loaded.filter(({ flags }) => (flags & FLAG_EXECUTABLE) !== 0).map(asPiece),
    debug: sections
      .filter(({ name, flags }) => name.startsWith('.debug_') && (flags & FLAG_COMPRESSED) === 0)
      .map(asPiece),
  };
}

interface SectionHeader {
  readonly nameOffset: number;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

function readSectionHeaders(
  bytes: Uint8Array,
  offset: number,
  count: number,
): readonly SectionHeader[] {
  const reader = new ByteReader(window(bytes, offset, count * SECTION_HEADER_BYTES), offset);
  return Array.from({ length: count }, () => {
    const nameOffset = reader.u32('section name');
    const type = reader.u32('section type');
    const flags = reader.u32('section flags');
    const address = reader.u32('section address');
    const sectionOffset = reader.u32('section offset');
    const size = reader.u32('section size');
    const link = reader.u32('section link');
    reader.skip(12, 'section rest');
    return { nameOffset, type, flags, address, offset: sectionOffset, size, link };
  });
}

interface Section extends ElfPiece {
  readonly type: number;
  readonly flags: number;
}

/** All sections that have contents in the file. */
function readSections(
  bytes: Uint8Array,
  headers: readonly SectionHeader[],
  nameSection: number,
): readonly Section[] {
  const names = headers[nameSection];
  const nameBytes =
    names === undefined ? new Uint8Array(0) : window(bytes, names.offset, names.size);
  return headers
    .filter(({ type }) => LOADED_SECTIONS.has(type))
    .map(({ nameOffset, type, flags, address, offset, size }) => ({
      name: stringAt(nameBytes, nameOffset),
      type,
      flags,
      address,
      data: window(bytes, offset, size),
    }));
}

function asPiece({ name, address, data }: Section): ElfPiece {
  return { name, address, data };
}

function loadedSegments(bytes: Uint8Array, offset: number, count: number): readonly ElfPiece[] {
  const reader = new ByteReader(window(bytes, offset, count * PROGRAM_HEADER_BYTES), offset);
  const pieces: ElfPiece[] = [];
  for (let index = 0; index < count; index++) {
    const type = reader.u32('segment type');
    const dataOffset = reader.u32('segment offset');
    reader.skip(4, 'virtual address');
    const address = reader.u32('physical address');
    const size = reader.u32('segment size');
    reader.skip(12, 'segment rest');
    if (type !== PROGRAM_LOAD || address === 0 || size === 0) continue;
    pieces.push({ name: '', address, data: window(bytes, dataOffset, size) });
  }
  return pieces;
}

const SYMBOL_BYTES = 16;
const SYMBOL_VARIABLE = 1;
const SYMBOL_FUNCTION = 2;

function readSymbols(bytes: Uint8Array, headers: readonly SectionHeader[]): readonly ElfSymbol[] {
  const table = headers.find(({ type }) => type === SECTION_SYMBOLS);
  const strings = table === undefined ? undefined : headers[table.link];
  if (table === undefined || strings === undefined) return [];
  const names = window(bytes, strings.offset, strings.size);
  const reader = new ByteReader(window(bytes, table.offset, table.size), table.offset);
  const symbols: ElfSymbol[] = [];
  while (reader.remaining >= SYMBOL_BYTES) {
    const nameOffset = reader.u32('symbol name');
    const address = reader.u32('symbol value');
    const sizeBytes = reader.u32('symbol size');
    const kind = reader.u8('symbol kind') & 0xf;
    reader.skip(3, 'symbol rest');
    if (sizeBytes === 0 || (kind !== SYMBOL_VARIABLE && kind !== SYMBOL_FUNCTION)) continue;
    symbols.push({
      kind: kind === SYMBOL_FUNCTION ? 'function' : 'variable',
      name: stringAt(names, nameOffset),
      address,
      sizeBytes,
    });
  }
  return symbols;
}

function stringAt(bytes: Uint8Array, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return new TextDecoder().decode(bytes.subarray(offset, end < 0 ? undefined : end));
}

function window(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  if (offset + length <= bytes.length) return bytes.subarray(offset, offset + length);
  throw bad(
    `ends after ${bytes.length} bytes, but has something of ${length} bytes at ${offset}: it is cut short`,
  );
}

function bad(what: string): AppImageError {
  return new AppImageError('app-image/bad-elf', `the file ${what}`, {
    hint: 'Give the .elf file that the build made for the app.',
  });
}
