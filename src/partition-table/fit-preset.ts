import { alignUp, formatCount, formatHex, formatSize } from '../shared/index.ts';
import { PartitionTableError } from './codes.ts';
import { type CsvDocument, serializeCsvDocument } from './csv-document.ts';
import { removeCsvLine, setCsvField } from './edit-csv.ts';
import { FLASH_SIZES_BYTES, usedFlashBytes } from './flash-map.ts';
import { endOf, inFlashOrder, type PartitionEntry, type PartitionTable } from './model.ts';
import { parsePartitionCsv } from './parse-csv.ts';
import { appSlots } from './queries.ts';
import { csvSize } from './serialize-csv.ts';
import { SUBTYPE_DATA_COREDUMP, TYPE_DATA } from './types.ts';

/** What a preset is to be fitted to. */
export interface FitOptions {
  readonly flashSizeBytes: number;
  /** An image that every app slot must hold, with room to grow. */
  readonly imageBytes?: number;
}

/** A preset, fitted. */
export interface FittedPreset {
  /** The CSV, with the preset's layout. */
  readonly text: string;
  readonly table: PartitionTable;
  /** Size of each app slot. */
  readonly slotBytes: number;
  /** Whether the preset had to be changed. */
  readonly changed: boolean;
}

const SLOT_STEP_BYTES = 0x10000;
/** How much larger than the image a slot is made, so that the next release fits as well. */
const GROWTH = 1.1;

/**
 * Fits a preset to a flash and an image: slots grow at the cost of the storage behind them, and
 * storage takes what a larger flash has more. A preset that fits as it is stays as it is.
 *
 * @param preset a table parsed from CSV, its app slots one behind the other and of one size
 * @throws PartitionTableError `partition-table/image-too-large` with the flash that would do,
 *   `partition-table/no-app`
 */
export function fitPreset(preset: PartitionTable, options: FitOptions): FittedPreset {
  const { flashSizeBytes, imageBytes = 0 } = options;
  const slots = appSlots(preset);
  if (slots.length === 0) {
    throw new PartitionTableError('partition-table/no-app', 'The preset has no app slot to fit', {
      hint: 'Start from a table with ota_0 and ota_1.',
    });
  }
  const current = Math.min(...slots.map(({ sizeBytes }) => sizeBytes));
  const tail = tailOf(preset, slots);
  const fixedBytes = tail.reduce(
    (sum, entry) => sum + (isStorage(entry) ? 0 : entry.sizeBytes),
    Math.min(...slots.map(({ flashOffset }) => flashOffset)),
  );
  const roomBytes =
    Math.floor((flashSizeBytes - fixedBytes) / slots.length / SLOT_STEP_BYTES) * SLOT_STEP_BYTES;
  const wanted = Math.max(current, alignUp(imageBytes * GROWTH, SLOT_STEP_BYTES));
  const slotBytes = Math.min(wanted, roomBytes);
  if (slotBytes < imageBytes || slotBytes <= 0) {
    throw tooLarge(options, slots.length, roomBytes, fixedBytes);
  }
  const fits = usedFlashBytes(preset) <= flashSizeBytes;
  const grows = tail.some(isStorage) && endOfTail(tail) < flashSizeBytes;
  if (fits && slotBytes === current && !grows) {
    return { text: textOf(preset), table: preset, slotBytes, changed: false };
  }
  const document = relay(preset, slots, tail, slotBytes, flashSizeBytes);
  const table = parsePartitionCsv(serializeCsvDocument(document));
  const text = retitled(document, flashSizeBytes, slots, slotBytes, imageBytes);
  return { text, table, slotBytes, changed: true };
}

function textOf({ document }: PartitionTable): string {
  return document === null ? '' : serializeCsvDocument(document);
}

/** What lies behind the app slots, in order. */
function tailOf(
  preset: PartitionTable,
  slots: readonly PartitionEntry[],
): readonly PartitionEntry[] {
  const slotsEnd = Math.max(...slots.map(endOf));
  return inFlashOrder(preset).filter(({ flashOffset }) => flashOffset >= slotsEnd);
}

function endOfTail(tail: readonly PartitionEntry[]): number {
  return Math.max(0, ...tail.map(endOf));
}

/** Data that can be of any size; core dumps have theirs. */
function isStorage({ type, subtype }: PartitionEntry): boolean {
  return type === TYPE_DATA && subtype !== SUBTYPE_DATA_COREDUMP;
}

/** Writes the new offsets and sizes into the preset's rows. */
function relay(
  preset: PartitionTable,
  slots: readonly PartitionEntry[],
  tail: readonly PartitionEntry[],
  slotBytes: number,
  flashSizeBytes: number,
): CsvDocument {
  let { document } = preset;
  if (document === null) throw new TypeError('a preset is parsed from a CSV');
  let offset = Math.min(...slots.map(({ flashOffset }) => flashOffset));
  const fixedTail = tail.filter((entry) => !isStorage(entry));
  const storageEnd = flashSizeBytes - fixedTail.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const gone: number[] = [];
  for (const entry of [...slots, ...tail]) {
    if (entry.location?.kind !== 'text') continue;
    const { line } = entry.location;
    const isSlot = slots.includes(entry);
    const sizeBytes = isSlot
      ? slotBytes
      : isStorage(entry)
        ? Math.max(0, storageEnd - offset)
        : entry.sizeBytes;
    if (sizeBytes === 0) {
      gone.push(line);
      continue;
    }
    document = setCsvField(document, line, 'offset', formatHex(offset));
    document = setCsvField(document, line, 'size', csvSize(sizeBytes));
    offset += sizeBytes;
  }
  for (const line of gone.toSorted((a, b) => b - a)) document = removeCsvLine(document, line);
  return document;
}

/** The preset's own words on its sizes no longer hold; what stands above its bare `#` is replaced. */
function retitled(
  document: CsvDocument,
  flashSizeBytes: number,
  slots: readonly PartitionEntry[],
  slotBytes: number,
  imageBytes: number,
): string {
  const bare = document.lines.findIndex(({ text }) => text === '#');
  const lines = document.lines.slice(Math.max(0, bare));
  const image = imageBytes === 0 ? '' : ` for an image of ${formatCount(imageBytes)} bytes`;
  const title = `# ${formatSize(flashSizeBytes)} flash, ${slots.length} app slots of ${formatSize(slotBytes)}${image}.\n`;
  return title + serializeCsvDocument({ ...document, lines });
}

function tooLarge(
  { flashSizeBytes, imageBytes = 0 }: FitOptions,
  slots: number,
  roomBytes: number,
  fixedBytes: number,
): PartitionTableError {
  const needBytes = fixedBytes + slots * alignUp(Math.max(1, imageBytes), SLOT_STEP_BYTES);
  const flash = FLASH_SIZES_BYTES.find((size) => size >= needBytes);
  const what = imageBytes === 0 ? '' : ` for an image of ${formatCount(imageBytes)} bytes`;
  return new PartitionTableError(
    'partition-table/image-too-large',
    `${slots} app slots${what} need ${formatSize(needBytes)} of flash, but there are ${formatSize(flashSizeBytes)}; slots of at most ${formatSize(Math.max(0, roomBytes))} fit`,
    {
      hint:
        flash === undefined
          ? 'Make the image smaller; no flash is that large.'
          : `Take ${formatSize(flash)} of flash, ${slots > 2 ? 'do without the factory slot, ' : ''}or make the image smaller.`,
      details: { flashSizeBytes, imageBytes, slots, roomBytes, needBytes },
    },
  );
}
