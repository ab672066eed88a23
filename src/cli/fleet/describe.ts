import { formatDuration, formatSize, printable } from '../../shared/index.ts';

/**
 * Anything that the API answers, one field to a line, for people. Names become words and units become
 * readable, by the endings that every field of otakit has (`…AtMs`, `…Ms`, `…Bytes`).
 */
export function describeEntity(entity: unknown): string {
  return `${lines(entity, '').join('\n')}\n`;
}

function lines(value: unknown, indent: string): readonly string[] {
  if (!isObject(value)) return [`${indent}${printable(valueText('', value))}`];
  const fields = Object.entries(value).filter(([name]) => name !== 'revision');
  const width = Math.max(0, ...fields.map(([name]) => fieldWords(name).length));
  return fields.flatMap(([name, field]) => {
    const label = `${indent}${fieldWords(name)}`;
    if (isObject(field) && Object.keys(field).length > 0) {
      return [label, ...lines(field, `${indent}  `)];
    }
    if (Array.isArray(field) && field.some(isObject)) {
      return [label, ...field.flatMap((one) => [...lines(one, `${indent}  `), ''])].slice(0, -1);
    }
    const text = printableLines(valueText(name, field), `${indent}${' '.repeat(width + 2)}`);
    return [`${label.padEnd(indent.length + width)}  ${text}`.trimEnd()];
  });
}

/** Names of fields that say when, not how long. */
const MOMENT = /(?:^a|A)tMs$|^sinceMs$/;

/** One value as text; `name` says by its ending what the number counts. */
export function valueText(name: string, value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') {
    if (MOMENT.test(name)) return timeText(value);
    if (name.endsWith('Ms')) return formatDuration(value);
    if (name.endsWith('Bytes')) return formatSize(value);
    if (name.endsWith('Percent') || name === 'percent') return `${value} %`;
    return String(value);
  }
  if (typeof value === 'string') return value === '' ? '-' : value;
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(String).join(', ');
  return Object.keys(value).length === 0 ? '-' : JSON.stringify(value);
}

/** A moment in UTC, to the second, in a form that sorts. */
export function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** The name of a field as words, without its unit. */
export function fieldWords(name: string): string {
  return name
    .replace(/(?<!^)AtMs$|Ms$|Bytes$|Percent$/, '')
    .replaceAll(
      /([a-z])([A-Z])/g,
      (_, end: string, start: string) => `${end} ${start.toLowerCase()}`,
    );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function printableLines(text: string, indent: string): string {
  return text.trimEnd().split('\n').map(printable).join(`\n${indent}`);
}
