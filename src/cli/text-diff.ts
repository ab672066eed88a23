import { diff, styleText } from 'node:util';
import { printable } from '../shared/index.ts';
import { type CliContext, type OutputStream, wantsColour } from './context.ts';

/** Unchanged lines that are shown around each change. */
const CONTEXT_LINES = 3;

interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/**
 * Writes what differs between two texts, line by line, with a few lines around each change:
 * `- old`, `+ new`.
 */
export function renderTextDiff(
  before: string,
  after: string,
  stream: OutputStream,
  env: CliContext['env'],
): void {
  const lines = diffLines(before, after);
  const colour = wantsColour(stream, env);
  let skipping = false;
  for (const [index, line] of lines.entries()) {
    const near = lines
      .slice(Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1)
      .some(({ kind }) => kind !== 'same');
    if (near) stream.write(`${render(line, colour)}\n`);
    else if (!skipping) stream.write('  …\n');
    skipping = !near;
  }
}

function diffLines(before: string, after: string): readonly DiffLine[] {
  const kinds = { '-1': 'removed', '0': 'same', '1': 'added' } as const;
  const lines = diff(splitLines(after), splitLines(before)).map(([operation, text]) => ({
    kind: kinds[`${operation}`],
    text,
  }));
  return removedFirst(lines);
}

/** Within one change, the old lines before the new ones, as people expect them. */
function removedFirst(lines: readonly DiffLine[]): readonly DiffLine[] {
  const result: DiffLine[] = [];
  let added: DiffLine[] = [];
  for (const line of lines) {
    if (line.kind === 'added') {
      added.push(line);
      continue;
    }
    if (line.kind === 'same') {
      result.push(...added);
      added = [];
    }
    result.push(line);
  }
  return [...result, ...added];
}

function splitLines(text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function render({ kind, text }: DiffLine, colour: boolean): string {
  const mark = { same: ' ', added: '+', removed: '-' }[kind];
  const line = `${mark} ${printable(text.replaceAll('\t', '  '))}`;
  if (!colour || kind === 'same') return line;
  return styleText(kind === 'added' ? 'green' : 'red', line, { validateStream: false });
}
