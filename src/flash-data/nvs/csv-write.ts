import { toHex } from '../../shared/index.ts';
import type { Nvs } from './parse.ts';
import { type NvsValue, valueText } from './value.ts';

/**
 * The values of an NVS as a CSV that `nvs_partition_gen` and {@link buildNvs} read: integers as they
 * are, text as `string`, everything else as `hex2bin`. Building it gives the same values, without
 * what was deleted. A string that is no text or lacks its NUL, and a value whose namespace is gone,
 * has no form in a CSV and is left out.
 */
export function serializeNvsCsv(nvs: Nvs): string {
  const rows = ['key,type,encoding,value'];
  const namespaces = [...nvs.namespaces].sort(([a], [b]) => a - b);
  for (const [index, name] of namespaces) {
    rows.push(`${quote(name)},namespace,,`);
    for (const { namespaceIndex, key, value } of nvs.variables) {
      if (namespaceIndex !== index || !hasCsvForm(value)) continue;
      rows.push([key, 'data', csvEncoding(value), csvText(value)].map(quote).join(','));
    }
  }
  return `${rows.join('\n')}\n`;
}

/** Whether a CSV row can hold a value as it is stored. */
export function hasCsvForm(value: NvsValue): boolean {
  if (value.type !== 'string') return true;
  // Line breaks other than LF do not survive the reading of a CSV, nor do lines that look like comments.
  const { text, bytes } = value;
  return (
    text !== null &&
    bytes.indexOf(0) === bytes.length - 1 &&
    !text.includes('\r') &&
    !/\n#/.test(text)
  );
}

function csvEncoding(value: NvsValue): string {
  return value.type === 'blob' ? 'hex2bin' : value.type;
}

function csvText(value: NvsValue): string {
  return value.type === 'blob' ? toHex(value.bytes) : valueText(value);
}

function quote(field: string): string {
  return /[",\n\r]|^#/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
