import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BootTable } from '../../flash-data/index.ts';
import { type Chip, chipByName, type ChipName, parseChipName } from '../../chips/index.ts';
import {
  type PartitionTable,
  serializePartitionBinary,
  smallestFlashBytes,
  usedFlashBytes,
} from '../../partition-table/index.ts';
import { bytesEqual, formatHex } from '../../shared/index.ts';
import { SimulatorError } from '../codes.ts';
import { readTable, TABLE_FLASH_OFFSET } from '../boot/bootloader.ts';
import { buildFactoryImage } from './factory-image.ts';
import { chipAsSold, manufacture } from './manufacture.ts';
import { valuesInNvs } from './nvs-values.ts';
import { lockState } from './state-lock.ts';
import type { StoredValues } from './stored-values.ts';
import type { ChipUnderTest } from '../boot/verify-image.ts';
import { VirtualFlash } from './virtual-flash.ts';

/** What a new device is made from. */
export interface VirtualDeviceParts {
  readonly chip: ChipName;
  readonly table: PartitionTable;
  /** The first firmware; {@link buildFactoryImage} by default. */
  readonly image?: Uint8Array;
}

/** What a device must be like that is there already. */
export interface WantedDevice {
  readonly chip?: ChipName;
  readonly table?: PartitionTable;
  /** Throws the old one away and makes a new one. */
  readonly fresh?: boolean;
}

/** A device that is switched off: what a {@link MicroRdk} runs on. */
export interface VirtualDevice extends AsyncDisposable {
  readonly chip: ChipUnderTest;
  readonly flash: VirtualFlash;
  readonly values: StoredValues;
  /** Whether it was made just now. */
  readonly isNew: boolean;
}

const FLASH_FILE = 'flash.bin';
const DEVICE_FILE = 'device.json';
const LOCK_FILE = 'lock';

/**
 * A new device that is gone with the process.
 *
 * @throws SimulatorError `simulator/no-app-slot`, `simulator/image-too-large`
 */
export async function createVirtualDevice(parts: VirtualDeviceParts): Promise<VirtualDevice> {
  const chip = chipByName(parts.chip);
  const flash = VirtualFlash.inMemory(flashBytes(parts.table));
  const values = valuesOf(flash, parts.table);
  await manufacture(flash, parts.table, parts.image ?? (await buildFactoryImage(chip)));
  return {
    chip: chipAsSold(chip),
    flash,
    values,
    isNew: true,
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * The device in a folder, or a new one there: `flash.bin` is its whole flash (partition table at
 * 0x8000, NVS, otadata, app slots), `device.json` its chip.
 *
 * @param wanted what it must be like where it is there already
 * @param forNew what to make it from otherwise
 * @throws SimulatorError `simulator/state-unusable`, `simulator/state-differs`, and what
 * {@link createVirtualDevice} throws
 */
export async function openVirtualDevice(
  folder: string,
  wanted: WantedDevice,
  forNew: () => Promise<VirtualDeviceParts>,
): Promise<VirtualDevice> {
  await using resources = new AsyncDisposableStack();
  await orUnusable(folder, async () => mkdir(folder, { recursive: true }));
  resources.use(await orUnusable(folder, () => lockState(join(folder, LOCK_FILE))));
  const deviceFile = join(folder, DEVICE_FILE);
  if (wanted.fresh === true) await orUnusable(folder, () => rm(deviceFile, { force: true }));
  const known = await orUnusable(folder, () => readDeviceFile(deviceFile));
  const isNew = known === null;
  const chip = known ?? (await makeIn(folder, await forNew()));
  const flash = resources.use(
    await orUnusable(folder, () => VirtualFlash.open(join(folder, FLASH_FILE))),
  );
  checkSame(folder, chip, flash, wanted);
  const values = await orUnusable(folder, async () => valuesOf(flash, readTable(flash)));
  const kept = resources.move();
  return {
    chip: chipAsSold(chip),
    flash,
    values,
    isNew,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The description comes last: without it a folder holds no device, however far its making came. */
async function makeIn(folder: string, parts: VirtualDeviceParts): Promise<Chip> {
  const chip = chipByName(parts.chip);
  const flashPath = join(folder, FLASH_FILE);
  const image = parts.image ?? (await buildFactoryImage(chip));
  await orUnusable(folder, async () => {
    await rm(flashPath, { force: true });
    await using flash = await VirtualFlash.create(flashPath, flashBytes(parts.table));
    valuesOf(flash, parts.table);
    await manufacture(flash, parts.table, image);
    await writeFile(join(folder, DEVICE_FILE), `${JSON.stringify({ chip: chip.name })}\n`);
  });
  return chip;
}

async function readDeviceFile(path: string): Promise<Chip | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const description = JSON.parse(text) as { readonly chip?: unknown } | null;
  const name = parseChipName(String(description?.chip));
  if (name === null) throw new Error(`${DEVICE_FILE} names no chip`);
  return chipByName(name);
}

function checkSame(folder: string, chip: Chip, flash: VirtualFlash, wanted: WantedDevice): void {
  const wantedTable = wanted.table === undefined ? null : serializePartitionBinary(wanted.table);
  const tableDiffers =
    wantedTable !== null &&
    !bytesEqual(wantedTable, flash.read(TABLE_FLASH_OFFSET, wantedTable.length));
  const chipDiffers = wanted.chip !== undefined && wanted.chip !== chip.name;
  if (!tableDiffers && !chipDiffers) return;
  throw new SimulatorError(
    'simulator/state-differs',
    chipDiffers
      ? `the device in ${folder} is an ${chip.title}, not an ${chipByName(wanted.chip ?? chip.name).title}`
      : `the device in ${folder} has another partition table`,
    {
      hint: 'Leave the option out, name another --state folder, or make the device anew with --fresh.',
      details: { folder, chip: chip.name },
    },
  );
}

/** Where the tag is kept; a micro-RDK does not start without. */
function valuesOf(flash: VirtualFlash, { entries }: BootTable): StoredValues {
  const nvs = entries.find(({ type, subtype }) => type === 1 && subtype === 2);
  if (nvs !== undefined) return valuesInNvs(flash, nvs);
  throw new SimulatorError('simulator/no-nvs', 'the partition table has no nvs entry', {
    hint: 'Add a row `nvs, data, nvs, , 0x4000`: a micro-RDK keeps its credentials and its version tag there.',
  });
}

function flashBytes(table: PartitionTable): number {
  const sizeBytes = smallestFlashBytes(table);
  if (sizeBytes !== null) return sizeBytes;
  throw new SimulatorError(
    'simulator/table-too-large',
    `the partition table reaches to ${formatHex(usedFlashBytes(table))}, past the end of the largest flash`,
    { hint: 'Check the offsets and sizes with `otakit partitions show`.' },
  );
}

async function orUnusable<Value>(folder: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SimulatorError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SimulatorError(
      'simulator/state-unusable',
      `the state folder ${folder} cannot be used: ${reason}`,
      {
        hint: 'Name another folder with --state, or make the device anew with --fresh.',
        details: { folder },
        cause,
      },
    );
  }
}
