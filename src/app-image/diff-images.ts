import type { ElfSymbol } from './elf/parse-elf.ts';
import type { AppImage, Segment } from './image.ts';

/** A value on both sides of a comparison. */
export interface Change<Value> {
  readonly name: string;
  readonly before: Value;
  readonly after: Value;
}

/** What differs between two app images. */
export interface ImageDiff {
  readonly sizeBytes: Change<number>;
  /** Bytes by the memory that they load to, also where they are equal; padding included. */
  readonly memory: readonly Change<number>[];
  /** Fields of header and descriptor that differ. */
  readonly fields: readonly Change<string>[];
}

/** Compares two app images: sizes by memory, header, descriptor. */
export function diffImages(before: AppImage, after: AppImage): ImageDiff {
  return {
    sizeBytes: { name: 'image', before: before.sizeBytes, after: after.sizeBytes },
    memory: diffMemory(before.segments, after.segments),
    fields: diffFields(facts(before), facts(after)),
  };
}

function diffMemory(before: readonly Segment[], after: readonly Segment[]): Change<number>[] {
  const kinds = new Set([...before, ...after].map(memoryName));
  const total = (segments: readonly Segment[], kind: string) =>
    segments
      .filter((segment) => memoryName(segment) === kind)
      .reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  return [...kinds].map((name) => ({
    name,
    before: total(before, name),
    after: total(after, name),
  }));
}

function memoryName({ memory }: Segment): string {
  return memory ?? 'unknown';
}

function facts({ chip, header, appDescriptor, hash }: AppImage): ReadonlyMap<string, string> {
  const { extended } = header;
  const text = (value: string | number | null | undefined) => String(value ?? 'none');
  return new Map([
    ['chip', text(chip)],
    ['entry point', `0x${header.entryPoint.toString(16)}`],
    ['SPI mode', text(header.spiMode)],
    ['flash frequency', text(header.flashFrequency)],
    ['flash size', text(header.flashSize)],
    ['minimum chip revision', text(extended?.minChipRevision)],
    ['maximum chip revision', text(extended?.maxChipRevision)],
    ['hash appended', text(hash.appended ? 'yes' : 'no')],
    ['project', text(appDescriptor?.projectName)],
    ['version', text(appDescriptor?.version)],
    ['build date', text(appDescriptor?.date)],
    ['build time', text(appDescriptor?.time)],
    ['ESP-IDF', text(appDescriptor?.idfVersion)],
    ['secure version', text(appDescriptor?.secureVersion)],
    ['MMU page size', text(appDescriptor?.mmuPageSizeBytes)],
    ['ELF SHA-256', text(appDescriptor?.appElfSha256)],
  ]);
}

function diffFields(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Change<string>[] {
  return [...before]
    .map(([name, value]) => ({ name, before: value, after: after.get(name) ?? 'none' }))
    .filter((change) => change.before !== change.after);
}

/**
 * Compares the sizes of functions and variables by name. Names that several symbols share (static
 * functions) count together.
 *
 * @returns those that differ, the largest change first
 */
export function diffSymbols(
  before: readonly ElfSymbol[],
  after: readonly ElfSymbol[],
): readonly Change<number>[] {
  const [old, fresh] = [sizesByName(before), sizesByName(after)];
  const weight = (change: Change<number>) => Math.abs(change.after - change.before);
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .map((name) => ({ name, before: old.get(name) ?? 0, after: fresh.get(name) ?? 0 }))
    .filter((change) => change.before !== change.after)
    .sort((a, b) => weight(b) - weight(a) || (a.name < b.name ? -1 : 1));
}

function sizesByName(symbols: readonly ElfSymbol[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, sizeBytes } of symbols) sizes.set(name, (sizes.get(name) ?? 0) + sizeBytes);
  return sizes;
}
