/** Bytes of a page: one flash sector. */
export const PAGE_SIZE_BYTES = 4096;
/** Bytes of an entry; values longer than 8 bytes go on in the entries after it. */
export const ENTRY_SIZE_BYTES = 32;
/** Entries of a page, after its header and its bitmap of entry states. */
export const ENTRIES_PER_PAGE = 126;
export const BITMAP_OFFSET = 32;
export const FIRST_ENTRY_OFFSET = 64;
/** Namespace index under which the namespaces themselves are entered. */
export const NAMESPACES_INDEX = 0;
export const MAX_NAMESPACE_INDEX = 254;
/** Chunk index of everything that is not a chunk of a blob. */
export const CHUNK_ANY = 0xff;
/** Bytes of a key, without the NUL after it. */
export const MAX_KEY_BYTES = 15;
/** Bytes of a string, with the NUL after it, and of one chunk of a blob. */
export const MAX_CHUNK_BYTES = ENTRY_SIZE_BYTES * (ENTRIES_PER_PAGE - 1);
/** Bytes of a blob in a version 1 page, where it cannot be split. */
export const MAX_V1_BLOB_BYTES = 1984;
/** Chunks of a blob: their numbers share a byte with the blob's own version bit. */
export const MAX_BLOB_CHUNKS = 127;

/** Version 1 pages hold a blob in one piece, version 2 pages split it over several. */
export type NvsVersion = 1 | 2;

/** The version byte of a page header. */
export const VERSION_VALUES = { 1: 0xff, 2: 0xfe } as const satisfies Record<NvsVersion, number>;

/** What a page is used for; each state clears one more bit, so that flash can step on unerased. */
export const PAGE_STATES = {
  blank: 0xffffffff,
  active: 0xfffffffe,
  full: 0xfffffffc,
  freeing: 0xfffffff8,
  corrupt: 0xfffffff0,
} as const;

/** The state of a page; `unknown` stands for every other number. */
export type NvsPageState = keyof typeof PAGE_STATES | 'unknown';

/** The integer types and their numbers on flash: the size in bytes, and 0x10 for signed ones. */
export const INTEGER_TYPES = {
  u8: 0x01,
  i8: 0x11,
  u16: 0x02,
  i16: 0x12,
  u32: 0x04,
  i32: 0x14,
  u64: 0x08,
  i64: 0x18,
} as const;

/** The integers that NVS stores, named by sign and bits: `u8`, `i64`, … */
export type NvsIntegerType = keyof typeof INTEGER_TYPES;

export const TYPE_STRING = 0x21;
/** A blob in one piece (version 1). */
export const TYPE_BLOB = 0x41;
/** One chunk of a blob (version 2). */
export const TYPE_BLOB_DATA = 0x42;
/** Which chunks make up a blob (version 2). */
export const TYPE_BLOB_INDEX = 0x48;

/** The name of an integer type by its number on flash, or `null`. */
export function integerType(typeValue: number): NvsIntegerType | null {
  const found = Object.entries(INTEGER_TYPES).find(([, value]) => value === typeValue);
  return (found?.[0] as NvsIntegerType | undefined) ?? null;
}

/** Smallest and largest value of an integer type. */
export function integerRange(type: NvsIntegerType): { readonly min: bigint; readonly max: bigint } {
  const bits = BigInt((INTEGER_TYPES[type] & 0x0f) * 8);
  return type.startsWith('i')
    ? { min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n }
    : { min: 0n, max: (1n << bits) - 1n };
}

/** Whether values of this type go on in the entries after their own. */
export function isVariableLength(typeValue: number): boolean {
  return typeValue === TYPE_STRING || typeValue === TYPE_BLOB || typeValue === TYPE_BLOB_DATA;
}
