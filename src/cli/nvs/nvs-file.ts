import {
  type BootTable,
  decryptNvs,
  encryptNvs,
  locateNvs,
  type Nvs,
  NvsError,
  type NvsKeys,
  type NvsPlace,
  parseNvs,
} from '../../flash-data/index.ts';
import { looksLikeTable, TABLE_SECTOR_BYTES } from '../../partition-table/index.ts';
import { type ByteSource, memorySource, readUpTo } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { openInputFile, readInputFile, writeOutputFile } from '../files.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import { optionalSize } from '../partitions/options.ts';
import type { Cli } from '../nouns.ts';
import { type KeyOptions, loadKeys } from './key-options.ts';

/** The options about finding NVS in a file. */
export interface PlaceOptions {
  readonly partitions?: string;
  readonly tableOffset?: string;
  readonly partition?: string;
}

/** The options about where a result goes. */
export interface OutputOptions {
  readonly output?: string;
  readonly force?: boolean;
}

type Env = Cli['context']['env'];

const DEFAULT_TABLE_OFFSET = '0x8000';

/** The table that goes with a file: the one named, or the one inside, or none. */
export async function tableFor(
  file: string,
  source: ByteSource,
  { partitions, tableOffset = DEFAULT_TABLE_OFFSET }: PlaceOptions,
  env: Env,
): Promise<BootTable | null> {
  const tableFlashOffset = optionalSize('--table-offset', tableOffset) ?? 0;
  const inside = await readUpTo(source, tableFlashOffset, TABLE_SECTOR_BYTES);
  if (partitions === undefined && !looksLikeTable(inside)) return null;
  return loadPartitionTable(partitions ?? file, { variables: env, tableFlashOffset });
}

/** Decrypts where there are keys, and says so where they do not fit. */
export async function decrypted(bytes: Uint8Array, keys: NvsKeys | null): Promise<Nvs> {
  const nvs = parseNvs(keys === null ? bytes : await decryptNvs(bytes, keys));
  const fault = nvs.issues.find(({ code }) => code === 'nvs/encrypted');
  if (fault === undefined || keys === null) return nvs;
  throw new NvsError(
    'nvs/encrypted',
    'the keys do not fit: decrypted with them, no entry is sound',
    {
      hint: 'Give the keys of this device, and only where its NVS is encrypted.',
    },
  );
}

/** The NVS of a file. Nothing else of the file is read. */
export async function readNvs(
  file: string,
  options: PlaceOptions & KeyOptions,
  env: Env,
): Promise<Nvs> {
  const keys = await loadKeys(options);
  await using source = await openInputFile(file);
  const table = await tableFor(file, source, options, env);
  const { fileOffset, sizeBytes } = await locateNvs(source, table, options.partition);
  return decrypted(await source.read(fileOffset, sizeBytes), keys);
}

/**
 * Replaces the NVS inside a file, whole or not at all, and answers whether anything changed. Where the
 * NVS is encrypted, what did not change keeps its bytes.
 */
export async function editNvs(
  file: string,
  options: PlaceOptions & KeyOptions & OutputOptions,
  cli: Cli,
  edit: (nvs: Nvs) => Uint8Array,
  /** Starts from a blank partition of this size where there is no such file. */
  createBytes?: number,
): Promise<boolean> {
  const keys = await loadKeys(options);
  const whole = await wholeFile(file, createBytes);
  const place = await placeIn(whole, file, options, cli.context.env);
  const end = place.fileOffset + place.sizeBytes;
  const before = whole.slice(place.fileOffset, end);
  const edited = edit(await decrypted(before, keys));
  const after = keys === null ? edited : await encryptNvs(edited, keys);
  whole.set(after, place.fileOffset);
  const overwrite = options.output === undefined || options.force === true;
  await writeOutputFile(options.output ?? file, whole, { overwrite });
  return after.some((byte, offset) => byte !== before[offset]);
}

async function wholeFile(
  file: string,
  createBytes: number | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readInputFile(file);
  } catch (error) {
    const missing = error instanceof CliError && isMissing(error.cause);
    if (createBytes === undefined || !missing) throw error;
    return new Uint8Array(createBytes).fill(0xff);
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

async function placeIn(
  whole: Uint8Array,
  file: string,
  options: PlaceOptions,
  env: Env,
): Promise<NvsPlace> {
  const source = memorySource(whole);
  return locateNvs(source, await tableFor(file, source, options, env), options.partition);
}
