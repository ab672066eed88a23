import type { Chip, MemoryKind, MemoryRegion } from './chip.ts';

const FLASH_MAPPED = new Set<MemoryKind>(['DROM', 'IROM', 'FLASH']);

/** The region that an address lies in, or `null` where the chip has nothing that an image could load. */
export function memoryAt(chip: Chip, address: number): MemoryRegion | null {
  return chip.memory.find(({ start, end }) => address >= start && address < end) ?? null;
}

/** Whether segments at this address are read through the flash cache instead of being copied. */
export function isFlashMapped(chip: Chip, address: number): boolean {
  const region = memoryAt(chip, address);
  return region !== null && FLASH_MAPPED.has(region.kind);
}
