import { styleText } from 'node:util';
import { formatHex, formatSize } from '../../shared/index.ts';
import {
  type FlashRegion,
  otaSlotNumber,
  shownName,
  subtypeName,
  typeName,
} from '../../partition-table/index.ts';

const BOX_WIDTH = 28;
const MOST_ROWS = 6;

/** What a region is called in tables and drawings. */
export function regionName(region: FlashRegion): string {
  if (region.kind === 'entry') return shownName(region.entry);
  return { bootloader: 'bootloader', table: 'partition table', free: 'free' }[region.kind];
}

/**
 * The flash as a column of boxes from address 0 up, the heights growing with the sizes; sizes and
 * types beside them.
 */
export function flashMapText(
  regions: readonly FlashRegion[],
  flashSizeBytes: number,
  colour: boolean,
): string {
  const digits = Math.max(6, flashSizeBytes.toString(16).length);
  const largest = Math.max(1, ...regions.map((region) => region.sizeBytes));
  const margin = ' '.repeat(digits + 2);
  const lines: string[] = [];
  regions.forEach((region, index) => {
    const edge = index === 0 ? '┌┐' : '├┤';
    const address = formatHex(region.flashOffset, digits);
    lines.push(`${address} ${edge[0]}${'─'.repeat(BOX_WIDTH)}${edge[1]}`);
    const rows = Math.max(1, Math.round((region.sizeBytes / largest) * MOST_ROWS));
    for (let row = 0; row < rows; row += 1) {
      const label = row === Math.floor((rows - 1) / 2);
      const text = label ? regionName(region) : '';
      const fitted = text.length > BOX_WIDTH - 2 ? `${text.slice(0, BOX_WIDTH - 3)}…` : text;
      const fill = region.kind === 'free' ? '·' : ' ';
      const inside = text === '' ? fill.repeat(BOX_WIDTH) : ` ${fitted} `.padEnd(BOX_WIDTH, fill);
      const beside = label ? ` ${formatSize(region.sizeBytes).padStart(8)}${kindOf(region)}` : '';
      lines.push(`${margin} │${paint(inside, region, colour)}│${beside}`);
    }
  });
  lines.push(`${formatHex(flashSizeBytes, digits)} └${'─'.repeat(BOX_WIDTH)}┘`);
  return lines.join('\n');
}

function kindOf(region: FlashRegion): string {
  if (region.kind !== 'entry') return '';
  const { type, subtype, encrypted, readonly } = region.entry;
  const flags = `${encrypted ? ' encrypted' : ''}${readonly ? ' readonly' : ''}`;
  return `  ${typeName(type)}/${subtypeName(type, subtype)}${flags}`;
}

function paint(text: string, region: FlashRegion, colour: boolean): string {
  if (!colour || region.kind === 'free') return text;
  if (region.kind !== 'entry') return styleText('dim', text, { validateStream: false });
  const { entry } = region;
  const style =
    otaSlotNumber(entry) !== null ? 'bgBlue' : entry.type === 0 ? 'bgMagenta' : 'bgGreen';
  return styleText([style, 'whiteBright'], text, { validateStream: false });
}
