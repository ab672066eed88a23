import { findNodeAtLocation, type JSONPath, type Node } from 'jsonc-parser';
import { MachineConfigError } from './codes.ts';
import { type JsonValue, parseMachineConfig } from './document.ts';

/** Where a value is: keys of objects and indices of lists, from the root. */
export type ValuePath = readonly (string | number)[];

/**
 * The text with the value at `path` set and everything else as it was: key order, indentation, line
 * ends, comments, final newline. What is missing on the way is added; the index after the last one
 * appends to a list.
 *
 * @throws MachineConfigError `machine-config/shape` when something on the way is neither object nor list
 */
export function setValue(text: string, path: ValuePath, value: JsonValue): string {
  const { tree } = parseMachineConfig(text);
  const existing = nodeAt(tree, path);
  if (existing !== undefined) {
    if (existing.type === 'string' && existing.value === value) return text;
    return replace(text, existing.offset, existing.length, rendered(text, existing.offset, value));
  }
  // The deepest node that is there gets the rest of the path as one new value.
  let depth = path.length - 1;
  while (depth > 0 && nodeAt(tree, path.slice(0, depth)) === undefined) depth -= 1;
  const parent = nodeAt(tree, path.slice(0, depth)) ?? tree;
  const nested = nest(path.slice(depth + 1), value);
  const key = path[depth];
  if (parent.type === 'null') {
    return replace(
      text,
      parent.offset,
      parent.length,
      rendered(text, parent.offset, nest(path.slice(depth), value)),
    );
  }
  if (parent.type !== (typeof key === 'number' ? 'array' : 'object')) {
    throw shapeError(path.slice(0, depth), typeof key === 'number' ? 'a list' : 'an object');
  }
  return insert(text, parent, typeof key === 'number' ? null : (key ?? ''), nested);
}

/** The text without the value at `path` (and its key and comma); unchanged where there is none. */
export function removeValue(text: string, path: ValuePath): string {
  const { tree } = parseMachineConfig(text);
  const found = nodeAt(tree, path);
  if (found === undefined) return text;
  const element = found.parent?.type === 'property' ? found.parent : found;
  const siblings = element.parent?.children ?? [];
  const index = siblings.indexOf(element);
  const next = siblings[index + 1];
  const previous = siblings[index - 1];
  const end = element.offset + element.length;
  if (next !== undefined) return replace(text, element.offset, next.offset - element.offset, '');
  if (previous !== undefined) {
    const start = previous.offset + previous.length;
    return replace(text, start, end - start, '');
  }
  const parent = element.parent;
  if (parent === undefined) return text;
  return replace(text, parent.offset + 1, parent.length - 2, '');
}

function nodeAt(tree: Node, path: ValuePath): Node | undefined {
  return path.length === 0 ? tree : findNodeAtLocation(tree, path as JSONPath);
}

/** `['a', 0]` around a value: `{ a: [value] }`. */
function nest(path: ValuePath, value: JsonValue): JsonValue {
  return path.reduceRight<JsonValue>(
    (inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }),
    value,
  );
}

function insert(text: string, parent: Node, key: string | null, value: JsonValue): string {
  const children = parent.children ?? [];
  const last = children.at(-1);
  const style = styleOf(text);
  const keyText = key === null ? '' : `${JSON.stringify(key)}:${style.blank}`;
  if (last !== undefined) {
    const end = last.offset + last.length;
    const ownLine = text.slice(parent.offset, last.offset).includes('\n');
    const indent = indentAt(text, last.offset);
    const item = keyText + (ownLine ? layOut(value, indent, style) : compact(value, style));
    return replace(
      text,
      end,
      0,
      ownLine ? `,${style.eol}${indent}${item}` : `,${style.blank}${item}`,
    );
  }
  if (!style.multiline) {
    return replace(text, parent.offset + 1, 0, keyText + compact(value, style));
  }
  const outer = indentAt(text, parent.offset);
  const inner = outer + style.unit;
  // An empty container may hold a comment or blank lines: those stay in front.
  const kept = text.slice(parent.offset + 1, parent.offset + parent.length - 1).trimEnd();
  const content = `${kept}${style.eol}${inner}${keyText}${layOut(value, inner, style)}${style.eol}${outer}`;
  return replace(text, parent.offset + 1, parent.length - 2, content);
}

interface TextStyle {
  readonly multiline: boolean;
  readonly eol: string;
  readonly unit: string;
  /** Between a colon or comma and what follows on the line. */
  readonly blank: string;
}

function styleOf(text: string): TextStyle {
  // Blanks and tabs only: a byte order mark is white space too, and no indentation.
  const indent = /^[ \t]+(?=["{[\]}])/m.exec(text)?.[0];
  return {
    // What is empty yet has no style; one long line is nobody's.
    multiline: text.trim().includes('\n') || /^\s*\{\s*\}\s*$/.test(text),
    eol: text.includes('\r\n') ? '\r\n' : '\n',
    unit: indent ?? '  ',
    blank: /":\S/.test(text) && !/": /.test(text) ? '' : ' ',
  };
}

function rendered(text: string, offset: number, value: JsonValue): string {
  const style = styleOf(text);
  return style.multiline ? layOut(value, indentAt(text, offset), style) : compact(value, style);
}

function layOut(value: JsonValue, indent: string, { unit, eol }: TextStyle): string {
  return JSON.stringify(value, null, unit).replaceAll('\n', `${eol}${indent}`);
}

function compact(value: JsonValue, { blank }: TextStyle): string {
  if (blank === '' || typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map((item: JsonValue) => compact(item, SPACED)).join(', ')}]`;
  }
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}: ${compact(member, SPACED)}`,
  );
  return `{${members.join(', ')}}`;
}

const SPACED: TextStyle = { multiline: false, eol: '\n', unit: '  ', blank: ' ' };

/** The blanks at the start of the line that holds an offset. */
function indentAt(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart))?.[0] ?? '';
}

function replace(text: string, offset: number, length: number, content: string): string {
  return text.slice(0, offset) + content + text.slice(offset + length);
}

function shapeError(path: ValuePath, expected: string): MachineConfigError {
  const where = path.length === 0 ? 'the config' : path.join('.');
  return new MachineConfigError('machine-config/shape', `${where} is not ${expected}`, {
    hint: 'Mend it in the Viam app, whose schema says what it must be.',
    details: { path: where, expected },
  });
}
