import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { bytesEqual, formatHex } from '../shared/index.ts';
import { FlashError } from './codes.ts';
import type { FlashDevice } from './device.ts';
import { SECTOR_BYTES } from './device-limits.ts';
import { findDifferences, isBlank, md5 } from './diff.ts';
import type { OnProgress } from './progress.ts';

const compress = promisify(deflate);
const BEST = { level: 9, memLevel: 9 };

/** Bytes and where they go: whole sectors. */
export interface FlashPart {
  /** What it is, for people: `app`, `bootloader`, the name of a partition. */
  readonly name: string;
  readonly flashOffset: number;
  readonly data: Uint8Array;
}

/** How to write ranges to a board. */
export interface WriteOptions {
  /** Writes everything, without asking the chip what differs. */
  readonly full?: boolean;
  /** Whether to check by MD5 what was written; on unless switched off. */
  readonly verify?: boolean;
  readonly onProgress?: OnProgress;
  /** One cache for several boards that get the same: each range is compressed once. */
  readonly compressor?: Compressor;
}

/** What was done for one part. */
export interface PartReport {
  readonly name: string;
  readonly flashOffset: number;
  readonly sizeBytes: number;
  /** How much of it was sent (before compression); the rest was there already, or blank. */
  readonly writtenBytes: number;
  readonly erasedBytes: number;
  /** What went over the line for it, compressed. */
  readonly sentBytes: number;
  readonly verified: boolean;
  /** Flash offsets of sectors that only held at the second try. */
  readonly retriedSectors: readonly number[];
}

/** Compresses, and the same bytes only once, however many boards get them. */
export class Compressor {
  readonly #done = new Map<string, Promise<Uint8Array>>();

  /** The zlib stream of some bytes. */
  deflate(bytes: Uint8Array): Promise<Uint8Array> {
    const key = `${bytes.length}-${createHash('sha256').update(bytes).digest('base64')}`;
    const deflated = this.#done.get(key) ?? compress(bytes, BEST);
    this.#done.set(key, deflated);
    return deflated;
  }
}

/** More is not compressed ahead: what is not needed would only keep the process busy. */
const AHEAD_BYTES = 4 * 1024 * 1024;

/**
 * Begins to compress what a board gets that has nothing of it yet. Resetting a board into its loader
 * leaves time for that.
 */
export function compressAhead(parts: readonly FlashPart[], compressor: Compressor): void {
  let total = 0;
  for (const { data } of parts) {
    for (const { kind, start, end } of planRuns(data, everySector(data), true)) {
      total += end - start;
      if (total > AHEAD_BYTES) return;
      if (kind === 'write') void compressor.deflate(data.subarray(start, end));
    }
  }
}

/** Sectors in a row that get the same treatment; offsets from the start of the part. */
interface Run {
  readonly kind: 'write' | 'erase';
  readonly start: number;
  readonly end: number;
}

/**
 * Writes parts, in their order: only what differs, blank ranges erased and not sent, everything
 * checked by MD5 afterwards. A sector that does not hold is written once more.
 *
 * @throws FlashError `flash/verify-failed` naming the sectors, `flash/outside-flash`,
 *   `flash/command-refused`, `flash/timeout`
 */
export async function writeParts(
  device: FlashDevice,
  parts: readonly FlashPart[],
  options: WriteOptions = {},
): Promise<readonly PartReport[]> {
  const reports: PartReport[] = [];
  for (const part of parts) reports.push(await writePart(device, part, options));
  return reports;
}

async function writePart(
  device: FlashDevice,
  part: FlashPart,
  { full = false, verify = true, onProgress, compressor = new Compressor() }: WriteOptions,
): Promise<PartReport> {
  const { name, flashOffset, data } = part;
  const report = (phase: string, doneBytes: number, totalBytes: number) =>
    onProgress?.({ phase: `${phase} ${name}`, doneBytes, totalBytes });

  report('compare', 0, data.length);
  const differs = full ? everySector(data) : await findDifferences(device, flashOffset, data);
  const written = await writeSectors(device, part, differs, compressor, (done, total) =>
    report('write', done, total),
  );
  const retriedSectors: number[] = [];
  if (verify && differs.includes(true)) {
    report('verify', 0, data.length);
    if (!bytesEqual(await device.md5(flashOffset, data.length), md5(data))) {
      const bad = await findDifferences(device, flashOffset, data, { exact: true });
      retriedSectors.push(...sectorOffsets(part, bad));
      await writeSectors(device, part, bad, compressor, () => {});
      const still = await findDifferences(device, flashOffset, data, { exact: true });
      if (still.includes(true)) throw verifyFailed(part, still);
    }
    report('verify', data.length, data.length);
  }
  return {
    name,
    flashOffset,
    sizeBytes: data.length,
    ...written,
    verified: verify || !differs.includes(true),
    retriedSectors,
  };
}

async function writeSectors(
  device: FlashDevice,
  part: FlashPart,
  differs: readonly boolean[],
  compressor: Compressor,
  onBytes: (doneBytes: number, totalBytes: number) => void,
): Promise<Pick<PartReport, 'writtenBytes' | 'erasedBytes' | 'sentBytes'>> {
  const runs = planRuns(part.data, differs, device.loader === 'stub');
  const total = runs.reduce((sum, { start, end }) => sum + end - start, 0);
  let done = 0;
  let erasedBytes = 0;
  let sentBytes = 0;
  // The first block takes a while: without this its time would count as that of the phase before.
  if (total > 0) onBytes(0, total);
  for (const [index, { kind, start, end }] of runs.entries()) {
    const sizeBytes = end - start;
    const flashOffset = part.flashOffset + start;
    if (kind === 'erase') {
      await device.erase(flashOffset, sizeBytes);
      erasedBytes += sizeBytes;
    } else {
      const deflated = await compressor.deflate(part.data.subarray(start, end));
      // While this run is on the line, the next one is compressed.
      const next = runs[index + 1];
      if (next?.kind === 'write') void compressor.deflate(part.data.subarray(next.start, next.end));
      await device.write({ flashOffset, sizeBytes, deflated }, (sent) =>
        onBytes(done + Math.floor((sent / deflated.length) * sizeBytes), total),
      );
      sentBytes += deflated.length;
    }
    done += sizeBytes;
    onBytes(done, total);
  }
  return { writtenBytes: total - erasedBytes, erasedBytes, sentBytes };
}

function everySector(data: Uint8Array): readonly boolean[] {
  return Array<boolean>(data.length / SECTOR_BYTES).fill(true);
}

/** @param canErase whether blank sectors can be erased by themselves */
function planRuns(data: Uint8Array, differs: readonly boolean[], canErase: boolean): Run[] {
  const runs: Run[] = [];
  for (const [index, differing] of differs.entries()) {
    if (!differing) continue;
    const start = index * SECTOR_BYTES;
    const end = start + SECTOR_BYTES;
    const kind = canErase && isBlank(data.subarray(start, end)) ? 'erase' : 'write';
    const last = runs.at(-1);
    if (last?.end === start && last.kind === kind) runs[runs.length - 1] = { ...last, end };
    else runs.push({ kind, start, end });
  }
  return runs;
}

function sectorOffsets({ flashOffset }: FlashPart, differs: readonly boolean[]): readonly number[] {
  return differs.flatMap((bad, index) => (bad ? [flashOffset + index * SECTOR_BYTES] : []));
}

/** How many sectors an error message lists. */
const LISTED = 4;

export function verifyFailed(part: FlashPart, differs: readonly boolean[]): FlashError {
  const sectors = sectorOffsets(part, differs);
  const listed = sectors
    .slice(0, LISTED)
    .map((offset) => formatHex(offset))
    .join(', ');
  const more = sectors.length > LISTED ? ` and ${sectors.length - LISTED} more` : '';
  return new FlashError(
    'flash/verify-failed',
    `${part.name}: ${sectors.length === 1 ? 'the sector' : `${sectors.length} sectors`} at ${listed}${more} of the flash ${sectors.length === 1 ? 'does' : 'do'} not hold what it should`,
    {
      hint: 'Write again; a sector that fails each time is worn out, and the flash has to be replaced.',
      details: { part: part.name, sectors },
    },
  );
}

/** Checks parts against the flash without writing. @throws FlashError `flash/verify-failed` */
export async function verifyParts(device: FlashDevice, parts: readonly FlashPart[]): Promise<void> {
  for (const part of parts) {
    const differs = await findDifferences(device, part.flashOffset, part.data, { exact: true });
    if (differs.includes(true)) throw verifyFailed(part, differs);
  }
}
