import {
  type BootPartition,
  deleteNvsValue,
  type Nvs,
  NvsError,
  parseNvs,
  readViamSettings,
  seedViamSettings,
  setNvsValue,
  VIAM_NAMESPACE,
} from '../../flash-data/index.ts';
import { UpdateFailure } from './failure.ts';
import type { StoredValues } from './stored-values.ts';
import type { VirtualFlash } from './virtual-flash.ts';

const PAGE_BYTES = 0x1000;

/** The values in a device's NVS partition: namespace `VIAM_NS`, written as the device writes it. */
export function valuesInNvs(flash: VirtualFlash, partition: BootPartition): StoredValues {
  const nvs = () => parseNvs(flash.read(partition.flashOffset, partition.sizeBytes));
  const stored = (wanted: string) =>
    nvs().variables.find(({ namespace, key }) => namespace === VIAM_NAMESPACE && key === wanted);
  const write = async (edit: (before: Nvs) => Uint8Array) => {
    let bytes: Uint8Array;
    try {
      bytes = edit(nvs());
    } catch (error) {
      if (!(error instanceof NvsError)) throw error;
      throw new UpdateFailure(`NVS: ${error.message}`);
    }
    for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
      await writePage(flash, partition.flashOffset + at, bytes.subarray(at, at + PAGE_BYTES));
    }
  };
  return {
    get: (key) => readViamSettings(nvs())[key],
    set: (key, value) => write((before) => seedViamSettings(before, { [key]: value })),
    getBlob: (key) => {
      const value = stored(key)?.value;
      return value?.type === 'blob' ? value.bytes : null;
    },
    setBlob: (key, bytes) =>
      write((before) => setNvsValue(before, VIAM_NAMESPACE, key, { type: 'blob', bytes })),
    erase: async (key) => {
      if (stored(key) === undefined) return;
      await write((before) => deleteNvsValue(before, VIAM_NAMESPACE, key));
    },
  };
}

/** Appends where only bits are cleared, as nearly always; else the page was reused, and is erased. */
async function writePage(
  flash: VirtualFlash,
  flashOffset: number,
  page: Uint8Array,
): Promise<void> {
  const old = flash.read(flashOffset, page.length);
  if (page.every((byte, index) => byte === old[index])) return;
  if (page.some((byte, index) => (byte & ~(old[index] ?? 0)) !== 0)) {
    await flash.erase(flashOffset, page.length);
  }
  await flash.program(flashOffset, page);
}
