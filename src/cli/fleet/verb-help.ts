import type { Command } from 'commander';

/** What is said below the options of a verb. */
export interface VerbHelp {
  /** What stands after `otakit noun verb`; empty where the verb has examples of its own. */
  readonly examples: readonly string[];
  /** What `--json` prints; by the verb where it is left out. */
  readonly json?: string;
}

const WIDTH = 104;

/**
 * Gives every verb of a noun its examples and the shape of its JSON.
 *
 * @param shape of the thing that the noun is about, see json-shapes.ts
 */
export function addVerbHelp(
  noun: Command,
  shape: string,
  verbs: Readonly<Record<string, VerbHelp | readonly string[]>>,
): void {
  for (const verb of noun.commands) {
    const given = verbs[verb.name()];
    if (given === undefined) continue;
    const { examples, json } = 'examples' in given ? given : { examples: given };
    const lines = examples.map((rest) =>
      `  otakit ${noun.name()} ${verb.name()} ${rest}`.trimEnd(),
    );
    const title = lines.length === 1 ? 'Example:' : 'Examples:';
    const parts = lines.length === 0 ? [] : [[title, ...lines].join('\n')];
    const text = [...parts, wrap(`JSON: ${json ?? jsonOf(verb.name(), shape)}.`)].join('\n\n');
    verb.addHelpText('after', `\n${text}`);
  }
}

function jsonOf(verb: string, shape: string): string {
  if (verb === 'list') return listOf(shape);
  return verb === 'delete' ? 'deleted' : shape;
}

/** One page of things. */
export function listOf(shape: string): string {
  return `list[]{${shape}}, page, perPage, total`;
}

function wrap(text: string): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}
