import { type Chip, chipByName, isFlashMapped } from '../chips/index.ts';
import { formatHex, formatSize } from '../shared/index.ts';
import type { AppImageIssue } from './codes.ts';
import { formatRevision } from './header.ts';
import type { AppImage, Segment } from './image.ts';

/**
 * Checks what the second-stage bootloader checks (or trips over) when it maps and loads an app:
 * segments, pages, entry point and the revision range in the header.
 */
export function checkLayout(image: AppImage): AppImageIssue[] {
  // A layout that cannot be followed says so already; the ESP8266 has no such bootloader.
  if (image.chip === null || image.chip === 'esp8266' || image.imageLengthBytes === null) return [];
  const chip = chipByName(image.chip);
  return [
    ...checkPages(image, chip),
    ...checkMemory(image, chip),
    ...checkEntryPoint(image),
    ...checkRevisionRange(image),
  ];
}

function checkPages({ segments, appDescriptor }: AppImage, chip: Chip): AppImageIssue[] {
  const issues: AppImageIssue[] = [];
  const sizes = chip.mmuPageSizesBytes;
  const declared = appDescriptor?.mmuPageSizeBytes ?? null;
  const page = declared ?? sizes[0] ?? 0x10000;
  if (declared !== null && !sizes.includes(declared)) {
    issues.push({
      code: 'app-image/mmu-page-size',
      severity: 'error',
      message: `the image was linked for MMU pages of ${formatSize(declared)}; the ${chip.title} has ${sizes.map(formatSize).join(', ')}`,
      hint: 'Build it with CONFIG_MMU_PAGE_SIZE of this chip.',
      location: { kind: 'binary', fileOffset: 212 },
    });
  }
  for (const segment of segments) {
    const { index, loadAddress, fileOffset, lengthBytes } = segment;
    if (lengthBytes === 0 || !isFlashMapped(chip, loadAddress)) continue;
    if (fileOffset % page === loadAddress % page) continue;
    issues.push({
      code: 'app-image/segment-misaligned',
      severity: 'error',
      message: `segment ${index} is mapped to ${formatHex(loadAddress)}, ${formatHex(loadAddress % page)} into a page of ${formatSize(page)}, but its data lies ${formatHex(fileOffset % page)} into one in the file`,
      hint: 'Make the image with a tool that pads segments to their page (otakit image from-elf, esptool elf2image).',
      location: { kind: 'binary', fileOffset },
    });
  }
  return issues;
}

function checkMemory({ segments }: AppImage, chip: Chip): AppImageIssue[] {
  const issues: AppImageIssue[] = [];
  const codeKinds = new Set(['IROM', 'FLASH']);
  if (!segments.some(({ memory }) => memory !== null && codeKinds.has(memory))) {
    const window = chip.memory.find(({ kind }) => codeKinds.has(kind));
    issues.push({
      code: 'app-image/no-mapped-code',
      severity: 'error',
      message: `no segment lies in the flash-mapped code of the ${chip.title}${window === undefined ? '' : ` (from ${formatHex(window.start)})`}; the bootloader aborts without one`,
      hint: 'Link at least one section there; an app that runs from RAM alone cannot be started from a slot.',
    });
  }
  for (const { index, loadAddress, lengthBytes, memory, fileOffset } of segments) {
    if (memory !== null || lengthBytes === 0) continue;
    issues.push({
      code: 'app-image/segment-outside-memory',
      severity: 'warning',
      message: `segment ${index} loads to ${formatHex(loadAddress)}, where the ${chip.title} has no memory that otakit knows`,
      hint: 'Check the linker script, and that the image was built for this chip.',
      location: { kind: 'binary', fileOffset: fileOffset - 8 },
    });
  }
  return issues;
}

function checkEntryPoint({ entryPoint, segments }: AppImage): AppImageIssue[] {
  const contains = ({ memory, loadAddress, lengthBytes }: Segment) =>
    memory !== 'PADDING' && entryPoint >= loadAddress && entryPoint < loadAddress + lengthBytes;
  if (segments.some(contains)) return [];
  return [
    {
      code: 'app-image/entry-point-outside',
      severity: 'warning',
      message: `the entry point ${formatHex(entryPoint)} lies in none of the segments`,
      hint: 'Check ENTRY() in the linker script: the app would crash at its first instruction.',
      location: { kind: 'binary', fileOffset: 4 },
    },
  ];
}

function checkRevisionRange({ header, chip }: AppImage): AppImageIssue[] {
  const { extended } = header;
  if (extended === null || chip === null) return [];
  const { minChipRevision: min, maxChipRevision: max } = extended;
  if (!isLimit(max) || min <= max) return [];
  return [
    {
      code: 'app-image/revision-range',
      severity: 'error',
      message: `the header allows chip revisions from ${formatRevision(min)} to ${formatRevision(max)}, which is none`,
      hint: 'Build again with a minimum revision that is not above the maximum.',
      location: { kind: 'binary', fileOffset: 15 },
    },
  ];
}

/** Whether a maximum in the header or descriptor limits anything. */
export function isLimit(max: number): boolean {
  return max !== 0 && max !== 0xffff;
}
