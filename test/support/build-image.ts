import {
  type AppDescriptorFields,
  buildAppImage,
  type BuildImageOptions,
  serializeAppDescriptor,
} from '../../src/app-image/index.ts';
import { type Chip, chipByName, type ChipName, type MemoryKind } from '../../src/chips/index.ts';
import { concatBytes } from '../../src/shared/index.ts';

/** What a test wants of an app image; everything else is as an ordinary build makes it. */
export interface TestAppOptions {
  readonly chip?: ChipName;
  readonly descriptor?: AppDescriptorFields | null;
  /** Bytes of code in the mapped code segment. */
  readonly codeBytes?: number;
  readonly image?: Partial<BuildImageOptions>;
}

/**
 * A small app image that a device could take: constants with the descriptor, some RAM code, padding,
 * and mapped code congruent with its 64 KB page.
 */
export async function buildTestApp(options: TestAppOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const chip = chipByName(options.chip ?? 'esp32');
  const { descriptor = {}, codeBytes = 64 } = options;
  const constants = concatBytes([
    descriptor === null
      ? new Uint8Array(256)
      : serializeAppDescriptor({
          version: '1.0.0',
          projectName: 'test-app',
          time: '12:34:56',
          date: 'Nov 20 2026',
          idfVersion: 'v5.4.3',
          ...descriptor,
        }),
    new TextEncoder().encode('some constant data here!'),
  ]);
  const code = new Uint8Array(codeBytes).map((_, index) => (index * 7 + 3) & 0xff);
  const ram = regionStart(chip, ['IRAM', 'RAM']);
  const dataAddress = regionStart(chip, ['DROM', 'FLASH']) + 0x20;
  // Constants at 0x20, RAM code behind them, then padding up to the next page for the mapped code.
  const ramOffset = 32 + constants.length;
  const paddingOffset = ramOffset + 8 + 16;
  const codeAddress = regionStart(chip, ['IROM', 'FLASH']) + 0x10000 + 0x20;
  const paddingLength = 0x10020 - 8 - (paddingOffset + 8);
  return buildAppImage({
    chip: chip.name,
    entryPoint: ram,
    spiMode: 2,
    flashSize: 2,
    segments: [
      { loadAddress: dataAddress, data: constants },
      { loadAddress: ram, data: new Uint8Array(16).fill(0x13) },
      { loadAddress: 0, data: new Uint8Array(paddingLength) },
      { loadAddress: codeAddress, data: code },
    ],
    ...options.image,
  });
}

/** A small image without padding, its code congruent with its page. Cheap enough to mutate every byte. */
export async function buildTinyApp(
  descriptor: AppDescriptorFields = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return buildAppImage({
    chip: 'esp32',
    entryPoint: 0x400d0128,
    segments: [
      {
        loadAddress: 0x3f400020,
        data: serializeAppDescriptor({ version: '1.0.0', projectName: 'tiny', ...descriptor }),
      },
      { loadAddress: 0x400d0128, data: new Uint8Array(16).fill(0x13) },
    ],
  });
}

/** A bootloader: RAM segments only, with a descriptor of its own unless `old`. */
export async function buildTestBootloader(
  chipName: ChipName = 'esp32',
  { old = false }: { readonly old?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const chip = chipByName(chipName);
  const descriptor = new Uint8Array(80);
  if (!old) {
    descriptor[0] = 0x50;
    descriptor[4] = 1;
    descriptor.set(new TextEncoder().encode('v5.4.3'), 8);
    descriptor.set(new TextEncoder().encode('Nov 20 2026 12:00:00'), 40);
  }
  const ram = regionStart(chip, ['IRAM', 'RAM']);
  return buildAppImage({
    chip: chipName,
    entryPoint: ram + 0x100,
    spiMode: 2,
    flashSize: 2,
    segments: [
      { loadAddress: regionStart(chip, ['DRAM', 'RAM']) + 0x4000, data: descriptor },
      { loadAddress: ram, data: new Uint8Array(1024).map((_, index) => (index * 31) & 0xff) },
    ],
  });
}

/** Files at their places, with the gaps full of 0xFF as a merge leaves them. */
export function mergeAt(parts: Readonly<Record<number, Uint8Array>>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(parts).map(([offset, bytes]) => [Number(offset), bytes] as const);
  const merged = new Uint8Array(Math.max(...entries.map(([at, bytes]) => at + bytes.length)));
  merged.fill(0xff);
  for (const [at, bytes] of entries) merged.set(bytes, at);
  return merged;
}

function regionStart(chip: Chip, kinds: readonly MemoryKind[]): number {
  const region = chip.memory.find(({ kind }) => kinds.includes(kind));
  if (region === undefined) throw new Error(`${chip.title} has no ${kinds.join(' or ')}`);
  return region.start;
}
