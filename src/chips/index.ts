export type { Chip, ChipName, MemoryKind, MemoryRegion, SignatureScheme } from './chip.ts';
export { chipById, chipByName, CHIPS, parseChipName } from './chips.ts';
export { isFlashMapped, memoryAt } from './memory.ts';
