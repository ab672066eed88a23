import { parseBootloaderDescriptor } from '../../app-image/index.ts';
import type { Chip } from '../../chips/index.ts';
import type { NorFlash } from './nor-flash.ts';

const MAGIC = 0xe9;
const HEADER_BYTES = 24;
const SEGMENT_HEADER_BYTES = 8;
const MAX_SEGMENTS = 16;
const DESCRIPTOR_BYTES = 80;
const MEGABYTE = 1024 * 1024;

/** The bootloader as the ROM finds it in flash. */
export type RomView =
  | {
      readonly kind: 'bootloader';
      readonly entryPoint: number;
      readonly spiMode: number;
      /** What its own header says; it bounds the partition table. */
      readonly flashSizeBytes: number;
      readonly flashFrequency: string;
      readonly segments: readonly { readonly loadAddress: number; readonly lengthBytes: number }[];
      readonly idfVersion: string;
    }
  | { readonly kind: 'invalid'; readonly firstWord: number };

/** Looks for a bootloader where the chip's ROM does. Its hash is not checked: the ROM does not either. */
export function readBootloader(flash: NorFlash, chip: Chip): RomView {
  const start = chip.bootloaderFlashOffset;
  const bytes = flash.read(start, flash.sizeBytes - start);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const segmentCount = view.getUint8(1);
  const chipId = view.getUint16(12, true);
  if (view.getUint8(0) !== MAGIC || segmentCount > MAX_SEGMENTS || chipId !== chip.imageChipId) {
    return { kind: 'invalid', firstWord: view.getUint32(0, true) };
  }
  const segments: { loadAddress: number; lengthBytes: number }[] = [];
  for (let index = 0, offset = HEADER_BYTES; index < segmentCount; index += 1) {
    if (offset + SEGMENT_HEADER_BYTES > bytes.length) {
      return { kind: 'invalid', firstWord: view.getUint32(0, true) };
    }
    const lengthBytes = view.getUint32(offset + 4, true);
    segments.push({ loadAddress: view.getUint32(offset, true), lengthBytes });
    offset += SEGMENT_HEADER_BYTES + lengthBytes;
  }
  const descriptorAt = HEADER_BYTES + SEGMENT_HEADER_BYTES;
  const descriptor = parseBootloaderDescriptor(
    bytes.subarray(descriptorAt, descriptorAt + DESCRIPTOR_BYTES),
  );
  const frequency = view.getUint8(3) & 0x0f;
  return {
    kind: 'bootloader',
    entryPoint: view.getUint32(4, true),
    spiMode: view.getUint8(2),
    flashSizeBytes: 2 ** (view.getUint8(3) >> 4) * MEGABYTE,
    flashFrequency: frequency === 0x0f || chip.name === 'esp32c6' ? '80MHz' : '40MHz',
    segments,
    idfVersion: descriptor?.idfVersion ?? 'v4.4',
  };
}
