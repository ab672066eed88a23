import {
  inspectNvs,
  isSecret,
  type Nvs,
  type NvsUsage,
  type NvsVariable,
  serializeNvsCsv,
  valueSizeBytes,
} from '../../flash-data/index.ts';
import { formatCount, hasErrors, printable } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { EXIT } from '../exit-codes.ts';
import { toJson } from '../json.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import { textTable } from '../text-table.ts';
import type { KeyOptions } from './key-options.ts';
import { type PlaceOptions, readNvs } from './nvs-file.ts';
import { jsonVariable, shownValue } from './value-text.ts';

/** What `nvs show` can be told. */
export interface ShowOptions extends PlaceOptions, KeyOptions {
  readonly namespace?: string;
  readonly deleted?: boolean;
  readonly reveal?: boolean;
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** Prints what is stored, how full the partition is, and what is wrong with it. */
export async function show(file: string, options: ShowOptions, cli: Cli): Promise<void> {
  const { stdout, stderr, env } = cli.context;
  const nvs = await readNvs(file, options, env);
  const inspection = inspectNvs(nvs.bytes);
  if (hasErrors(nvs.issues)) cli.setExitCode(EXIT.input);
  if (inspection.kind === 'unreadable') return;
  const { usage } = inspection;
  if (options.csv) stdout.write(asCsv(nvs, options));
  else if (options.json) stdout.write(toJson(report(file, nvs, usage, options)));
  else stdout.write(summary(nvs, usage, options));
  if (!options.json) renderIssues(nvs.issues, file, stderr, env);
}

function wanted(variables: readonly NvsVariable[], namespace: string | undefined) {
  return variables.filter((item) => namespace === undefined || item.namespace === namespace);
}

/** A CSV with its secrets left out would build something else, so it is all or nothing. */
function asCsv(nvs: Nvs, { namespace, reveal = false }: ShowOptions): string {
  const variables = wanted(nvs.variables, namespace);
  const secrets = variables.filter(isSecret).map(({ key }) => key);
  if (secrets.length > 0 && !reveal) {
    throw new CliError('cli/usage', `the CSV would have secrets in it: ${secrets.join(', ')}`, {
      hint: 'Add --reveal, and mind where the output goes.',
      details: { secrets },
    });
  }
  const namespaces = new Map(
    [...nvs.namespaces].filter(([, name]) => namespace === undefined || name === namespace),
  );
  return serializeNvsCsv({ ...nvs, variables, namespaces });
}

function summary(nvs: Nvs, usage: NvsUsage, options: ShowOptions): string {
  const { namespace, deleted = false, reveal = false } = options;
  const row = (variable: NvsVariable, state: string) => [
    printable(variable.namespace ?? `#${variable.namespaceIndex}`),
    printable(variable.key),
    variable.value.type,
    formatCount(valueSizeBytes(variable.value)),
    `${state}${shownValue(variable, reveal)}`,
  ];
  const rows = [
    ...wanted(nvs.variables, namespace).map((variable) => row(variable, '')),
    ...(deleted
      ? wanted(nvs.deleted, namespace).map((variable) => row(variable, '(deleted) '))
      : []),
  ];
  const table = textTable(
    [
      { title: 'Namespace' },
      { title: 'Key' },
      { title: 'Type' },
      { title: 'Bytes', align: 'right' },
      { title: 'Value' },
    ],
    rows,
  );
  const { pages, blankPages, writtenEntries, erasedEntries, freeEntries } = usage;
  const head = `NVS version ${nvs.version}, ${pages} pages (${blankPages} blank), entries: ${formatCount(writtenEntries)} in use, ${formatCount(erasedEntries)} erased, ${formatCount(freeEntries)} free`;
  return rows.length === 0 ? `${head}\n` : `${head}\n\n${table}\n`;
}

function report(
  file: string,
  nvs: Nvs,
  usage: NvsUsage,
  { namespace, deleted = false, reveal = false }: ShowOptions,
): Record<string, unknown> {
  const list = (variables: readonly NvsVariable[]) =>
    wanted(variables, namespace).map((variable) => jsonVariable(variable, reveal));
  return {
    file,
    version: nvs.version,
    usage,
    pages: nvs.pages.map(({ index, state, sequence, version, headerCrcValid }) =>
      state === 'blank' ? { index, state } : { index, state, sequence, version, headerCrcValid },
    ),
    namespaces: Object.fromEntries(nvs.namespaces),
    values: list(nvs.variables),
    ...(deleted ? { deleted: list(nvs.deleted) } : {}),
    issues: nvs.issues,
  };
}
