import { diffNvs, type NvsChange } from '../../flash-data/index.ts';
import { printable } from '../../shared/index.ts';
import { toJson } from '../json.ts';
import type { Cli } from '../nouns.ts';
import type { KeyOptions } from './key-options.ts';
import { type PlaceOptions, readNvs } from './nvs-file.ts';
import { jsonVariable, shownValue } from './value-text.ts';

/** What `nvs diff` can be told. */
export interface DiffOptions extends PlaceOptions, KeyOptions {
  readonly reveal?: boolean;
  readonly json?: boolean;
}

/** Prints which values differ between two images. */
export async function diff(
  before: string,
  after: string,
  options: DiffOptions,
  cli: Cli,
): Promise<void> {
  const { stdout, env } = cli.context;
  const { reveal = false, json = false } = options;
  const changes = diffNvs(await readNvs(before, options, env), await readNvs(after, options, env));
  if (json) {
    stdout.write(toJson(changes.map((change) => report(change, reveal))));
    return;
  }
  if (changes.length === 0) stdout.write('no value differs\n');
  for (const change of changes) stdout.write(`${line(change, reveal)}\n`);
}

function line(change: NvsChange, reveal: boolean): string {
  const variable = change.kind === 'added' ? change.after : change.before;
  const { namespace, namespaceIndex, key, value } = variable;
  const name = `${printable(namespace ?? `#${namespaceIndex}`)} ${printable(key)}`;
  const shown = `${value.type} ${shownValue(variable, reveal)}`;
  if (change.kind === 'added') return `+ ${name}: ${shown}`;
  if (change.kind === 'removed') return `- ${name}: ${shown}`;
  const { after } = change;
  return `~ ${name}: ${shown} -> ${after.value.type} ${shownValue(after, reveal)}`;
}

function report(change: NvsChange, reveal: boolean): Record<string, unknown> {
  return {
    kind: change.kind,
    ...(change.kind === 'added' ? {} : { before: jsonVariable(change.before, reveal) }),
    ...(change.kind === 'removed' ? {} : { after: jsonVariable(change.after, reveal) }),
  };
}
