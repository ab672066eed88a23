/**
 * The ESP chips: header ids, flash offsets, memory map, page sizes, what each bootloader accepts.
 *
 * @module
 */
export type { Chip, ChipName, MemoryKind, MemoryRegion, SignatureScheme } from './chip.ts';
export { chipById, chipByName, CHIPS, parseChipName } from './chips.ts';
export { isFlashMapped, memoryAt } from './memory.ts';
