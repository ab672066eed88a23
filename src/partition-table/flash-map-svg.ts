import { formatHex, formatSize, printable } from '../shared/index.ts';
import { type FlashRegion, flashRegions, smallestFlashBytes, usedFlashBytes } from './flash-map.ts';
import { type PartitionTable, shownName } from './model.ts';
import { otaSlotNumber } from './queries.ts';
import { subtypeName, TYPE_APP, typeName } from './types.ts';

/** How to draw. */
export interface FlashMapSvgOptions {
  /** Size of the flash; the smallest that is made and fits the table otherwise. */
  readonly flashSizeBytes?: number;
  /** Stands above the drawing and is its name for screen readers. */
  readonly title?: string;
}

const WIDTH = 560;
const BOX_X = 104;
const BOX_WIDTH = 240;
const TOP = 48;
const ROW = 24;
/** What the largest region may add to the height of one row. */
const STRETCH = 110;

const STYLE = `
text{font:12px ui-monospace,SFMono-Regular,Menlo,monospace;fill:#1f2328}
.title{font-weight:600;font-size:14px}.dim{fill:#59636e}
rect{stroke:#1f2328;stroke-width:1}
.ota{fill:#b6d4fe}.app{fill:#e2c5f1}.data{fill:#c7ebcb}.system{fill:#e6e8eb}.free{fill:#fff;stroke-dasharray:3 3}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.dim{fill:#9198a1}rect{stroke:#9198a1}
.ota{fill:#1f4b8f}.app{fill:#5a2f78}.data{fill:#1f5c2e}.system{fill:#30363d}.free{fill:#0d1117}}`;

/**
 * Draws the flash as a column of boxes from address 0 down the page, the heights growing with the
 * sizes, as a self-contained SVG that follows the reader's light or dark theme.
 */
export function drawFlashMapSvg(table: PartitionTable, options: FlashMapSvgOptions = {}): string {
  const flashSizeBytes =
    options.flashSizeBytes ?? smallestFlashBytes(table) ?? usedFlashBytes(table);
  const regions = flashRegions(table, flashSizeBytes);
  const largest = Math.max(1, ...regions.map(({ sizeBytes }) => sizeBytes));
  const title = options.title ?? 'Partition table';
  const parts: string[] = [];
  let y = TOP;
  for (const region of regions) {
    const height = ROW + Math.round((region.sizeBytes / largest) * STRETCH);
    parts.push(drawRegion(region, y, height));
    y += height;
  }
  parts.push(label(BOX_X - 8, y + 4, formatHex(flashSizeBytes, 6), 'dim', 'end'));
  const height = y + 16;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    label(16, 26, `${title}: ${formatSize(flashSizeBytes)} of flash`, 'title', 'start'),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function drawRegion(region: FlashRegion, y: number, height: number): string {
  const middle = y + height / 2 + 4;
  const { name, kind, note } = describe(region);
  return [
    `<g><title>${escapeXml(`${name} ${formatHex(region.flashOffset)}, ${region.sizeBytes} bytes`)}</title>`,
    `<rect class="${kind}" x="${BOX_X}" y="${y}" width="${BOX_WIDTH}" height="${height}"/>`,
    label(BOX_X - 8, y + 12, formatHex(region.flashOffset, 6), 'dim', 'end'),
    label(BOX_X + 12, middle, name, kind === 'free' ? 'dim' : '', 'start'),
    label(BOX_X + BOX_WIDTH - 12, middle, formatSize(region.sizeBytes), 'dim', 'end'),
    ...(note === '' ? [] : [label(BOX_X + BOX_WIDTH + 12, middle, note, 'dim', 'start')]),
    '</g>',
  ].join('');
}

function describe(region: FlashRegion): { name: string; kind: string; note: string } {
  if (region.kind === 'free') return { name: 'free', kind: 'free', note: '' };
  if (region.kind === 'table') return { name: 'partition table', kind: 'system', note: '' };
  if (region.kind === 'bootloader') return { name: 'bootloader', kind: 'system', note: '' };
  const { entry } = region;
  const { type, subtype, encrypted, readonly } = entry;
  const kind = otaSlotNumber(entry) !== null ? 'ota' : type === TYPE_APP ? 'app' : 'data';
  const flags = `${encrypted ? ' encrypted' : ''}${readonly ? ' readonly' : ''}`;
  return {
    name: shownName(entry),
    kind,
    note: `${typeName(type)}/${subtypeName(type, subtype)}${flags}`,
  };
}

function label(x: number, y: number, text: string, style: string, anchor: string): string {
  const cls = style === '' ? '' : ` class="${style}"`;
  return `<text x="${x}" y="${y}"${cls} text-anchor="${anchor}">${escapeXml(text)}</text>`;
}

function escapeXml(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
