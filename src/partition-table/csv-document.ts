import { PartitionTableError } from './codes.ts';
import { LINE_ENDING } from './python-text.ts';

/** How a text file was encoded, so that it can be written back the same way. */
export type TextEncoding =
  | 'utf-8'
  | 'utf-8-bom'
  | 'utf-16le'
  | 'utf-16be'
  | 'utf-32le'
  | 'utf-32be';

/** One line as the author wrote it, with what ended it (empty at the end of the file). */
export interface CsvLine {
  readonly text: string;
  readonly ending: string;
}

/** A CSV with everything that a table does not need and its author does: comments, blanks, layout. */
export interface CsvDocument {
  readonly lines: readonly CsvLine[];
  readonly encoding: TextEncoding;
}

/** Splits a text into lines without losing a character. */
export function parseCsvDocument(text: string, encoding: TextEncoding = 'utf-8'): CsvDocument {
  const lines: CsvLine[] = [];
  let start = 0;
  for (const match of text.matchAll(LINE_ENDING)) {
    lines.push({ text: text.slice(start, match.index), ending: match[0] });
    start = match.index + match[0].length;
  }
  if (start < text.length) lines.push({ text: text.slice(start), ending: '' });
  return { lines, encoding };
}

/** The text that {@link parseCsvDocument} was given, character for character. */
export function serializeCsvDocument(document: CsvDocument): string {
  return document.lines.map(({ text, ending }) => text + ending).join('');
}

const MARKS: readonly (readonly [TextEncoding, readonly number[]])[] = [
  ['utf-32le', [0xff, 0xfe, 0, 0]],
  ['utf-32be', [0, 0, 0xfe, 0xff]],
  ['utf-8-bom', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/**
 * Bytes as text, by the byte order mark that they begin with; UTF-8 without one.
 *
 * @throws PartitionTableError `partition-table/not-text`
 */
export function decodeText(bytes: Uint8Array): { text: string; encoding: TextEncoding } {
  const [encoding, mark]: readonly [TextEncoding, readonly number[]] = MARKS.find(([, mark]) =>
    mark.every((byte, index) => bytes[index] === byte),
  ) ?? ['utf-8', []];
  const body = bytes.subarray(mark.length);
  try {
    return { text: decodeAs(encoding, body), encoding };
  } catch (cause) {
    throw new PartitionTableError(
      'partition-table/not-text',
      `The CSV is not valid ${encoding === 'utf-8-bom' ? 'utf-8' : encoding}`,
      { hint: 'Save it as UTF-8.', details: { encoding }, cause },
    );
  }
}

function decodeAs(encoding: TextEncoding, body: Uint8Array): string {
  if (encoding === 'utf-32le' || encoding === 'utf-32be') return decodeUtf32(encoding, body);
  const label = encoding === 'utf-8-bom' ? 'utf-8' : encoding;
  return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(body);
}

function decodeUtf32(encoding: 'utf-32le' | 'utf-32be', body: Uint8Array): string {
  if (body.length % 4 !== 0) throw new RangeError('cut inside a character');
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let text = '';
  for (let offset = 0; offset < body.length; offset += 4) {
    text += String.fromCodePoint(view.getUint32(offset, encoding === 'utf-32le'));
  }
  return text;
}

/** A text in the encoding that it was read in. */
export function encodeText(text: string, encoding: TextEncoding): Uint8Array<ArrayBuffer> {
  if (encoding === 'utf-8') return new TextEncoder().encode(text);
  if (encoding === 'utf-8-bom') return new TextEncoder().encode(`\ufeff${text}`);
  const marked = `\ufeff${text}`;
  const wide = encoding.startsWith('utf-32');
  const units = wide
    ? Array.from(marked, (character) => character.codePointAt(0) ?? 0)
    : Array.from({ length: marked.length }, (_, index) => marked.charCodeAt(index));
  const bytes = new Uint8Array(units.length * (wide ? 4 : 2));
  const view = new DataView(bytes.buffer);
  const littleEndian = encoding.endsWith('le');
  units.forEach((unit, index) =>
    wide
      ? view.setUint32(index * 4, unit, littleEndian)
      : view.setUint16(index * 2, unit, littleEndian),
  );
  return bytes;
}
