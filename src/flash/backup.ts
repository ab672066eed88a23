import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { parseChipName } from '../chips/index.ts';
import { bytesEqual, concatBytes, sha256 } from '../shared/index.ts';
import { FlashError } from './codes.ts';
import type { DeviceInfo, FlashDevice } from './device.ts';
import { SECTOR_BYTES } from './device-limits.ts';
import { isBlank, md5 } from './diff.ts';
import type { FlashRange } from './locate.ts';
import type { OnProgress } from './progress.ts';

const compress = promisify(deflate);
const decompress = promisify(inflate);

/**
 * `OTAKITBK`, the length of the JSON header (u32), the header, one zlib stream, and the SHA-256 of all
 * that.
 */
const MAGIC = 'OTAKITBK';
const HEADER_OFFSET = MAGIC.length + 4;
const SHA256_BYTES = 32;
const FORMAT_VERSION = 1;
const BLOCK_BYTES = 16 * SECTOR_BYTES;
/** No flash is larger; keeps a made-up header from asking for more memory than there is. */
const LARGEST_FLASH_BYTES = 256 * 1024 * 1024;

/** The whole flash of one board, with what is known of the board. */
export interface Backup {
  readonly info: DeviceInfo;
  /** Exactly `info.flashSizeBytes`. */
  readonly content: Uint8Array;
}

interface Header extends DeviceInfo {
  readonly formatVersion: number;
  /** What is not blank; the rest is 0xFF. */
  readonly ranges: readonly FlashRange[];
}

/** Reads the whole flash of a board. Blank blocks are found by MD5 on the chip and not read. */
export async function readBackup(device: FlashDevice, onProgress?: OnProgress): Promise<Backup> {
  const { info } = device;
  const totalBytes = info.flashSizeBytes;
  const content = new Uint8Array(totalBytes).fill(0xff);
  const used = await usedBlocks(device, (doneBytes) =>
    onProgress?.({ phase: 'look for blank flash', doneBytes, totalBytes }),
  );
  const usedBytes = used.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let before = 0;
  for (const { flashOffset, sizeBytes } of used) {
    const bytes = await device.read(flashOffset, sizeBytes, (done) =>
      onProgress?.({ phase: 'read', doneBytes: before + done, totalBytes: usedBytes }),
    );
    content.set(bytes, flashOffset);
    before += sizeBytes;
  }
  return { info, content };
}

async function usedBlocks(
  device: FlashDevice,
  onBytes: (doneBytes: number) => void,
): Promise<readonly FlashRange[]> {
  const total = device.info.flashSizeBytes;
  const used: FlashRange[] = [];
  for (let at = 0; at < total; at += BLOCK_BYTES) {
    onBytes(at);
    const sizeBytes = Math.min(BLOCK_BYTES, total - at);
    const blank = md5(new Uint8Array(sizeBytes).fill(0xff));
    if (bytesEqual(await device.md5(at, sizeBytes), blank)) continue;
    const last = used.at(-1);
    if (last !== undefined && last.flashOffset + last.sizeBytes === at) {
      used[used.length - 1] = { ...last, sizeBytes: last.sizeBytes + sizeBytes };
    } else {
      used.push({ flashOffset: at, sizeBytes });
    }
  }
  return used;
}

/** A backup as a file: only what is not blank, compressed. */
export async function serializeBackup({ info, content }: Backup): Promise<Uint8Array> {
  const ranges = usedSectors(content);
  const used = ranges.map(({ flashOffset, sizeBytes }) =>
    content.subarray(flashOffset, flashOffset + sizeBytes),
  );
  const header: Header = {
    formatVersion: FORMAT_VERSION,
    ...info,
    ranges,
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(HEADER_OFFSET);
  start.set(new TextEncoder().encode(MAGIC));
  new DataView(start.buffer).setUint32(MAGIC.length, json.length, true);
  const file = concatBytes([start, json, await compress(concatBytes(used))]);
  return concatBytes([file, await sha256(file)]);
}

function usedSectors(content: Uint8Array): readonly FlashRange[] {
  const ranges: FlashRange[] = [];
  for (let at = 0; at < content.length; at += SECTOR_BYTES) {
    const sizeBytes = Math.min(SECTOR_BYTES, content.length - at);
    if (isBlank(content.subarray(at, at + sizeBytes))) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last.flashOffset + last.sizeBytes === at) {
      ranges[ranges.length - 1] = { ...last, sizeBytes: last.sizeBytes + sizeBytes };
    } else {
      ranges.push({ flashOffset: at, sizeBytes });
    }
  }
  return ranges;
}

/**
 * Reads a backup from a file.
 *
 * @throws FlashError `flash/bad-backup` for anything that is not a whole and undamaged one
 */
export async function parseBackup(file: Uint8Array): Promise<Backup> {
  const end = file.length - SHA256_BYTES;
  const { header, bodyOffset } = parseHeader(file.subarray(0, Math.max(0, end)));
  if (!bytesEqual(await sha256(file.subarray(0, end)), file.subarray(end))) {
    throw bad('its SHA-256 is another');
  }
  const { formatVersion: _, ranges, ...info } = header;
  const content = new Uint8Array(info.flashSizeBytes).fill(0xff);
  const usedBytes = ranges.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let body: Uint8Array;
  try {
    // The limit keeps a damaged file from growing to more than it said.
    body = await decompress(file.subarray(bodyOffset, end), { maxOutputLength: usedBytes + 1 });
  } catch (cause) {
    throw bad('its content does not decompress', cause);
  }
  if (body.length !== usedBytes) throw bad(`it has ${body.length} bytes of ${usedBytes}`);
  let at = 0;
  for (const { flashOffset, sizeBytes } of ranges) {
    content.set(body.subarray(at, at + sizeBytes), flashOffset);
    at += sizeBytes;
  }
  return { info, content };
}

function parseHeader(file: Uint8Array): { header: Header; bodyOffset: number } {
  const magic = new TextDecoder('latin1').decode(file.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw bad('it does not begin as one');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = file.length < HEADER_OFFSET ? Infinity : view.getUint32(MAGIC.length, true);
  const bodyOffset = HEADER_OFFSET + length;
  if (bodyOffset > file.length) throw bad('it ends within its header');
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(file.subarray(HEADER_OFFSET, bodyOffset)));
  } catch (cause) {
    throw bad('its header is no JSON', cause);
  }
  if (!isHeader(parsed)) throw bad('its header is not one that otakit writes');
  return { header: parsed, bodyOffset };
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null) return false;
  const header = value as Partial<Record<keyof Header, unknown>>;
  const { formatVersion, chip, flashSizeBytes: size, ranges } = header;
  const numbers = [header.revision, header.flashId];
  const flags = [header.secureBoot, header.flashEncryption];
  return (
    formatVersion === FORMAT_VERSION &&
    typeof chip === 'string' &&
    parseChipName(chip) === chip &&
    typeof header.mac === 'string' &&
    numbers.every((number) => typeof number === 'number') &&
    flags.every((flag) => typeof flag === 'boolean') &&
    typeof size === 'number' &&
    isCount(size, LARGEST_FLASH_BYTES) &&
    Array.isArray(ranges) &&
    ranges.every((range) => isRange(range, size))
  );
}

function isRange(value: unknown, flashSizeBytes: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { flashOffset, sizeBytes } = value as Partial<Record<keyof FlashRange, unknown>>;
  return (
    isCount(flashOffset, flashSizeBytes) && isCount(sizeBytes, flashSizeBytes - Number(flashOffset))
  );
}

function isCount(value: unknown, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
}

function bad(why: string, cause?: unknown): FlashError {
  return new FlashError('flash/bad-backup', `the file is no whole backup: ${why}`, {
    hint: 'Make one with `otakit flash backup`, and copy it whole.',
    cause,
  });
}
