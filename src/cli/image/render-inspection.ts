import {
  type AppDescriptor,
  type AppImage,
  type BootloaderImage,
  describeEmbeddedImage,
  describeNotAppImage,
  formatRevision,
  type ImageInspection,
  type MergedImage,
  SPI_MODES,
} from '../../app-image/index.ts';
import { chipByName, type ChipName } from '../../chips/index.ts';
import { formatCount, formatHex, formatSize, printable } from '../../shared/index.ts';
import { textTable } from '../text-table.ts';
import type { PartitionContents } from './flash-view.ts';

/** What a file is, for people. */
export function renderInspection(
  inspection: ImageInspection,
  path: string,
  container: ImageInspection['kind'] | null = null,
): string {
  const lines: string[] =
    inspection.kind === 'app-image' || inspection.kind === 'bootloader'
      ? imageLines(inspection)
      : inspection.kind === 'merged-image'
        ? mergedLines(inspection, path)
        : otherLines(describeNotAppImage(inspection, path));
  const within = container === null ? '' : ` (contents of the ${container} file)`;
  return `${printable(path)}${within}\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** What lies in each partition, as a table. */
export function renderPartitions(partitions: readonly PartitionContents[]): string {
  const table = textTable(
    [
      { title: 'partition' },
      { title: 'type' },
      { title: 'offset', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'contents' },
    ],
    partitions.map(({ name, type, subtype, flashOffset, sizeBytes, summary }) => [
      printable(name),
      `${type}/${subtype}`,
      formatHex(flashOffset),
      formatSize(sizeBytes),
      printable(summary),
    ]),
  );
  return `\n${table}\n`;
}

function otherLines({ message, hint }: { readonly message: string; readonly hint: string }) {
  return facts([
    ['what', message],
    ['hint', hint],
  ]);
}

function imageLines(image: AppImage | BootloaderImage): string[] {
  const { kind, chip, sizeBytes, imageLengthBytes, signature } = image;
  return [
    ...facts([
      ['kind', kind === 'bootloader' ? 'second-stage bootloader' : 'app image'],
      ['chip', titleOf(chip)],
      [
        'size',
        imageLengthBytes === sizeBytes || imageLengthBytes === null
          ? `${formatCount(sizeBytes)} bytes (${formatSize(sizeBytes)})`
          : `${formatCount(sizeBytes)} bytes, of which the image is ${formatCount(imageLengthBytes)}`,
      ],
      ['entry point', formatHex(image.entryPoint, 8)],
      ...headerFacts(image),
      ['checksum', checksumText(image)],
      ['SHA-256', hashText(image)],
      ...(signature === null
        ? []
        : [['signature', `${signature.kind} at ${formatHex(signature.fileOffset)}`] as Fact]),
    ]),
    ...(image.kind === 'app-image'
      ? descriptorLines(image.appDescriptor)
      : bootloaderLines(image.bootloaderDescriptor)),
    '',
    ...segmentLines(image),
  ];
}

function headerFacts({ header, chip }: AppImage | BootloaderImage): Fact[] {
  const known = chip === null ? null : chipByName(chip);
  const label = (table: readonly (readonly [number, string])[] | undefined, nibble: number) =>
    table?.find(([value]) => value === nibble)?.[1] ?? `unknown (${nibble})`;
  const size = label(known?.flashSizes, header.flashSize);
  const frequency = label(known?.flashFrequencies, header.flashFrequency);
  const mode = SPI_MODES[header.spiMode] ?? `unknown (${header.spiMode})`;
  const { extended } = header;
  const result: Fact[] = [['flash', `${size}, ${frequency}, ${mode}`]];
  if (extended === null) return result;
  const { minChipRevision, maxChipRevision } = extended;
  const limit =
    maxChipRevision === 0 || maxChipRevision === 0xffff
      ? 'and up'
      : `to ${formatRevision(maxChipRevision)}`;
  return [...result, ['chip revisions', `${formatRevision(minChipRevision)} ${limit}`]];
}

function checksumText({ checksum }: AppImage | BootloaderImage): string {
  const { stored, computed, valid } = checksum;
  if (stored === null || computed === null) return 'missing: the file is cut short';
  return valid
    ? `0x${byte(stored)} (valid)`
    : `0x${byte(stored)} (INVALID: computed 0x${byte(computed)})`;
}

function hashText({ hash }: AppImage | BootloaderImage): string {
  if (!hash.appended) return 'none appended';
  if (hash.stored === null) return 'missing: the file is cut short';
  return hash.valid === true
    ? `${hash.stored} (valid)`
    : `${hash.stored} (INVALID: computed ${hash.computed ?? ''})`;
}

function byte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function descriptorLines(descriptor: AppDescriptor | null): string[] {
  if (descriptor === null) return ['', 'no app descriptor'];
  const shown = (text: string | null) => (text === null ? '(not UTF-8)' : printable(text));
  const { minEfuseBlockRevision, maxEfuseBlockRevision, mmuPageSizeBytes } = descriptor;
  const anyEfuse =
    minEfuseBlockRevision === 0 && (maxEfuseBlockRevision === 0 || maxEfuseBlockRevision >= 9999);
  return [
    '',
    ...facts([
      ['project', shown(descriptor.projectName)],
      ['version', shown(descriptor.version)],
      ['built', `${shown(descriptor.date)} ${shown(descriptor.time)}`],
      ['ESP-IDF', shown(descriptor.idfVersion)],
      ['ELF SHA-256', descriptor.appElfSha256],
      ['secure version', String(descriptor.secureVersion)],
      ...(anyEfuse
        ? []
        : [
            [
              'eFuse block',
              `${formatRevision(minEfuseBlockRevision)} to ${formatRevision(maxEfuseBlockRevision)}`,
            ] as Fact,
          ]),
      ...(mmuPageSizeBytes === null
        ? []
        : [['MMU page size', formatSize(mmuPageSizeBytes)] as Fact]),
    ]),
  ];
}

function bootloaderLines(descriptor: BootloaderImage['bootloaderDescriptor']): string[] {
  if (descriptor === null) return ['', 'no bootloader descriptor (older than ESP-IDF 5.1)'];
  return [
    '',
    ...facts([
      ['version', String(descriptor.version)],
      ['ESP-IDF', descriptor.idfVersion],
      ['built', descriptor.buildTime],
    ]),
  ];
}

function segmentLines({ segments }: AppImage | BootloaderImage): string[] {
  const table = textTable(
    [
      { title: 'segment', align: 'right' },
      { title: 'length', align: 'right' },
      { title: 'load address' },
      { title: 'file offset' },
      { title: 'memory' },
    ],
    segments.map(({ index, lengthBytes, loadAddress, fileOffset, memory }) => [
      String(index),
      formatCount(lengthBytes),
      formatHex(loadAddress, 8),
      formatHex(fileOffset, 6),
      memory ?? 'no memory of this chip',
    ]),
  );
  return table.split('\n');
}

function mergedLines(merged: MergedImage, path: string): string[] {
  const { sizeBytes, chip, baseFlashOffset, partitionTableFileOffset, images } = merged;
  return [
    ...facts([
      ['kind', 'merged image or flash dump'],
      ['chip', titleOf(chip)],
      ['size', `${formatCount(sizeBytes)} bytes (${formatSize(sizeBytes)})`],
      ['starts at', `${formatHex(baseFlashOffset)} in flash`],
      [
        'table',
        partitionTableFileOffset === null
          ? 'no partition table found'
          : `partition table at ${formatHex(partitionTableFileOffset + baseFlashOffset)}`,
      ],
    ]),
    ...images.map((image) => `  ${printable(describeEmbeddedImage(image))}`),
    '',
    `Take it apart: otakit image split ${path} -o DIR`,
  ];
}

function titleOf(chip: ChipName | null): string {
  return chip === null ? 'unknown' : chipByName(chip).title;
}

type Fact = readonly [name: string, value: string];

function facts(rows: readonly Fact[]): string[] {
  return rows.map(([name, value]) => `  ${name.padEnd(15)} ${value}`);
}
