import { buildNvs, encryptNvs, type NvsBuildRow, parseNvsCsv } from '../../flash-data/index.ts';
import { formatHex } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile, writeOutputFile } from '../files.ts';
import { optionalSize } from '../partitions/options.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import { type KeyOptions, loadKeys } from './key-options.ts';

/** What `nvs build` can be told. */
export interface BuildOptions extends KeyOptions {
  readonly output: string;
  readonly size?: string;
  readonly partitions?: string;
  readonly partition: string;
  readonly pageVersion: '1' | '2';
  readonly reopenNamespaces?: boolean;
  readonly wifiExtras?: boolean;
  readonly force?: boolean;
}

/** Builds a partition from CSVs, one after the other. */
export async function build(
  files: readonly string[],
  options: BuildOptions,
  cli: Cli,
): Promise<void> {
  const { context } = cli;
  const sizeBytes = await partitionSize(options, context.env);
  const keys = await loadKeys(options);
  const wifiExtras = options.wifiExtras !== false;
  const rows: NvsBuildRow[] = [];
  for (const file of files) {
    const text = new TextDecoder().decode(await readInputFile(file));
    for (const row of parseNvsCsv(text)) rows.push(await withFile(row, wifiExtras));
  }
  const { bytes, issues } = buildNvs(rows, {
    sizeBytes,
    version: options.pageVersion === '1' ? 1 : 2,
    reopenNamespaces: options.reopenNamespaces === true,
    wifiExtras,
  });
  renderIssues(issues, files.join(', '), context.stderr, context.env);
  const { output, force = false } = options;
  await writeOutputFile(output, keys === null ? bytes : await encryptNvs(bytes, keys), {
    overwrite: force,
  });
  const how = keys === null ? '' : ', encrypted';
  context.stdout.write(`${output}: ${formatHex(bytes.length)} bytes of NVS${how}\n`);
}

/** Paths in a CSV count from where the command runs, as they do for Espressif's tool. */
export async function withFile(row: NvsBuildRow, wifiExtras: boolean): Promise<NvsBuildRow> {
  // Of these the tool stores the path.
  const isStation = wifiExtras && (row.key === 'sta.ssid' || row.key === 'sta.pswd');
  if (row.type !== 'file' || isStation) return row;
  return { ...row, fileBytes: await readInputFile(row.value) };
}

async function partitionSize(
  { size, partitions, partition }: BuildOptions,
  env: Cli['context']['env'],
): Promise<number> {
  const given = optionalSize('--size', size);
  if (given !== undefined) return given;
  if (partitions === undefined) {
    throw new CliError('cli/usage', 'the size of the partition is not known', {
      hint: 'Give --size 0x4000, or the table with --partitions.',
    });
  }
  const { loadPartitionTable } = await import('../partition-table-file.ts');
  const { entries } = await loadPartitionTable(partitions, { variables: env });
  const entry = entries.find(({ name }) => name === partition);
  if (entry !== undefined) return entry.sizeBytes;
  throw new CliError('cli/usage', `${partitions} has no entry "${partition}"`, {
    hint: `Name one with --partition: ${entries.map(({ name }) => name).join(', ')}.`,
  });
}
