import { buildAppImage, serializeAppDescriptor } from '../../app-image/index.ts';
import type { Chip, MemoryKind } from '../../chips/index.ts';

/** What the built-in firmware calls itself. */
export const FACTORY_VERSION = 'factory';

/** Header, segment header, descriptor, segment header: where the second segment's data starts. */
const CODE_FILE_OFFSET = 24 + 8 + 256 + 8;
const MMU_PAGE_BYTES = 0x10000;

/**
 * The firmware that a new device is born with: a valid image that holds a descriptor and no program
 * worth the name, since nothing here executes it.
 */
export function buildFactoryImage(chip: Chip): Promise<Uint8Array<ArrayBuffer>> {
  const descriptor = serializeAppDescriptor({
    version: FACTORY_VERSION,
    // Every build of the real micro-RDK has this name, because it links ESP-IDF's default descriptor.
    projectName: 'libespidf',
    time: '00:00:00',
    date: 'Jan  1 2026',
    idfVersion: 'v5.4.3',
  });
  const codeAddress = regionStart(chip, ['IROM', 'FLASH']) + MMU_PAGE_BYTES + CODE_FILE_OFFSET;
  return buildAppImage({
    chip: chip.name,
    entryPoint: codeAddress,
    segments: [
      { loadAddress: regionStart(chip, ['DROM', 'FLASH']) + 0x20, data: descriptor },
      { loadAddress: codeAddress, data: new Uint8Array(16) },
    ],
  });
}

function regionStart(chip: Chip, kinds: readonly MemoryKind[]): number {
  return chip.memory.find(({ kind }) => kinds.includes(kind))?.start ?? 0;
}
