import {
  createScanner,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
  visit,
} from 'jsonc-parser';
import type { Issue, IssueLocation } from '../shared/index.ts';
import { type MachineConfigCode, MachineConfigError } from './codes.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { parseStrictJson } from './strict-json.ts';

export type { JsonObject, JsonValue } from './json-value.ts';

/** The text of a machine config beside what it says. */
export interface MachineConfigDocument {
  /** Exactly as it was read; edits work on this, so that nothing else changes. */
  readonly text: string;
  readonly value: JsonObject;
  /**
   * The root of the syntax tree; its offsets count UTF-16 units of `text`. Made when it is asked for,
   * each time: it takes far more memory than the text.
   */
  readonly tree: Node;
  /** Comments and trailing commas, which the device never sees but Viam refuses. */
  readonly issues: readonly Issue<MachineConfigCode>[];
}

/**
 * Reads the JSON text of a machine config or of a fragment. Comments, trailing commas and a byte
 * order mark are tolerated (people paste them in) and survive every edit.
 *
 * @throws MachineConfigError `machine-config/syntax` with line and column,
 *   `machine-config/shape` when it is not an object, `machine-config/duplicate-key`
 */
export function parseMachineConfig(text: string): MachineConfigDocument {
  const known = recent.find((document) => document.text === text);
  const document = known ?? parseAnew(text);
  if (text.length > MOST_KEPT_LENGTH) return document;
  recent = [document, ...recent.filter((other) => other !== document)].slice(0, MOST_RECENT);
  return document;
}

/**
 * One edit reads the same few texts again and again (the one before, the one after, and one between
 * them), which for a large config is most of the work.
 */
const MOST_RECENT = 3;
/** Far beyond an ordinary config; anything larger would stay in memory for as long as the process runs. */
const MOST_KEPT_LENGTH = 1024 * 1024;
let recent: readonly MachineConfigDocument[] = [];

function parseAnew(text: string): MachineConfigDocument {
  const readable = withoutMark(text);
  const value = parseStrictJson(readable, MOST_LEVELS);
  if (isObject(value)) return new ParsedDocument(text, value, []);
  refuseDeepNesting(readable);
  const tree = parseLoosely(text);
  if (tree.type !== 'object') {
    throw new MachineConfigError(
      'machine-config/shape',
      `a machine config is a JSON object, this is ${article(tree.type)}`,
      { hint: 'Copy the whole text of the JSON tab in the Viam app.', details: { is: tree.type } },
    );
  }
  refuseDuplicateKeys(text, tree);
  return new ParsedDocument(text, toValue(tree) as JsonObject, looseSyntax(readable));
}

class ParsedDocument implements MachineConfigDocument {
  readonly text: string;
  readonly value: JsonObject;
  readonly issues: readonly Issue<MachineConfigCode>[];

  constructor(text: string, value: JsonObject, issues: readonly Issue<MachineConfigCode>[]) {
    this.text = text;
    this.value = value;
    this.issues = issues;
  }

  get tree(): Node {
    return parseLoosely(this.text);
  }
}

function parseLoosely(text: string): Node {
  const errors: ParseError[] = [];
  const tree = parseTree(withoutMark(text), errors, { allowTrailingComma: true });
  const first = errors[0];
  if (first === undefined && tree !== undefined) return tree;
  throw syntaxError(text, first?.error, first?.offset ?? text.length);
}

/** Line and column (from 1) of an offset into a text. */
export function locate(text: string, offset: number): IssueLocation & { kind: 'text' } {
  const before = text.slice(0, offset);
  const lineStart = Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
  const line = before.split(/\r\n|\r|\n/).length;
  return { kind: 'text', line, column: offset - lineStart + 1 };
}

/** Whether a value is an object (and neither a list nor null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A byte order mark as a blank: the parser stumbles over it, and offsets stay what they are. */
export function withoutMark(text: string): string {
  return text.startsWith('\u{FEFF}') ? ` ${text.slice(1)}` : text;
}

/** The tree as a value; keys like `__proto__` stay ordinary keys. */
function toValue(node: Node): JsonValue {
  if (node.type === 'array') return (node.children ?? []).map(toValue);
  if (node.type !== 'object') return node.value as JsonValue;
  return Object.fromEntries(
    (node.children ?? []).map(({ children }) => {
      const [key, value] = children ?? [];
      return [key?.value as string, value === undefined ? null : toValue(value)];
    }),
  );
}

/** Far deeper than any config, and far from where recursion ends. */
const MOST_LEVELS = 200;

/** The scanner's token kinds, which the library declares in a way that isolated modules cannot read. */
const TOKEN = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, end: 17 } as const;

function refuseDeepNesting(text: string): void {
  const scanner = createScanner(text, true);
  let levels = 0;
  for (;;) {
    const token: number = scanner.scan();
    if (token === TOKEN.end) return;
    if (token === TOKEN.openBrace || token === TOKEN.openBracket) levels += 1;
    if (token === TOKEN.closeBrace || token === TOKEN.closeBracket) levels -= 1;
    if (levels <= MOST_LEVELS) continue;
    const { line, column } = locate(text, scanner.getTokenOffset());
    throw new MachineConfigError(
      'machine-config/syntax',
      `line ${line}, column ${column}: nested more than ${MOST_LEVELS} levels deep`,
      { hint: 'This is no machine config.', details: { line, column } },
    );
  }
}

function refuseDuplicateKeys(text: string, node: Node): void {
  const seen = new Set<string>();
  for (const child of node.children ?? []) {
    const [key, value] = child.children ?? [];
    if (node.type !== 'object' || key === undefined) {
      refuseDuplicateKeys(text, child);
      continue;
    }
    const name = key.value as string;
    if (seen.has(name)) {
      const { line, column } = locate(text, key.offset);
      throw new MachineConfigError(
        'machine-config/duplicate-key',
        `line ${line}, column ${column}: the key "${name}" is there twice`,
        { hint: 'Remove one of the two.', details: { line, column, key: name } },
      );
    }
    seen.add(name);
    if (value !== undefined) refuseDuplicateKeys(text, value);
  }
}

function looseSyntax(text: string): readonly Issue<MachineConfigCode>[] {
  const found: { what: string; offset: number }[] = [];
  visit(
    text,
    {
      onComment: (offset) => found.push({ what: 'a comment', offset }),
      onError: (_error, offset) => found.push({ what: 'a trailing comma', offset }),
    },
    { allowTrailingComma: false },
  );
  const first = found[0];
  if (first === undefined) return [];
  return [
    {
      code: 'machine-config/not-strict',
      severity: 'warning',
      message: `${first.what} is not JSON`,
      hint: 'otakit keeps it, but the Viam app does not accept it when you paste the text there.',
      location: locate(text, first.offset),
    },
  ];
}

const WHAT_IS_WRONG: Readonly<Record<string, string>> = {
  InvalidSymbol: 'an unknown word or character',
  InvalidNumberFormat: 'not a number',
  PropertyNameExpected: 'a key in double quotes is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing',
  CommaExpected: 'a comma is missing',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'something follows the end of the document',
  UnexpectedEndOfComment: 'a comment is not closed',
  UnexpectedEndOfString: 'a string is not closed',
  UnexpectedEndOfNumber: 'a number is not complete',
  InvalidUnicode: 'a \\u escape is not complete',
  InvalidEscapeCharacter: 'an unknown escape in a string',
  InvalidCharacter: 'a control character in a string',
};

function syntaxError(text: string, error: ParseError['error'] | undefined, offset: number) {
  const { line, column } = locate(text, offset);
  const what =
    WHAT_IS_WRONG[error === undefined ? '' : printParseErrorCode(error)] ??
    'there is no JSON value';
  return new MachineConfigError(
    'machine-config/syntax',
    `line ${line}, column ${column}: ${what}`,
    {
      hint: 'Mend the JSON at that place; nothing was changed.',
      details: { line, column },
    },
  );
}

function article(type: string): string {
  return type === 'array' ? 'a list' : type === 'null' ? 'null' : `a ${type}`;
}
