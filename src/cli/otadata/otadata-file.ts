import {
  type BootOptions,
  type BootTable,
  inspectOtadata,
  locateOtadata,
  OTADATA_SIZE_BYTES,
  slotName,
} from '../../flash-data/index.ts';
import type { ByteSource } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { openInputFile, readInputFile, writeOutputFile } from '../files.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import { optionalSize } from '../partitions/options.ts';
import type { Cli } from '../nouns.ts';

/** The options of every `otadata` command. */
export interface FileOptions {
  readonly partitions?: string;
  readonly tableOffset?: string;
  readonly json?: boolean;
}

/** The options of those that change something. */
export interface EditOptions extends FileOptions {
  readonly output?: string;
  readonly force?: boolean;
}

/** The table that goes with a file: the one named, or the one inside. */
export async function tableFor(
  file: string,
  sizeBytes: number,
  options: FileOptions,
  env: Cli['context']['env'],
): Promise<BootTable> {
  if (options.partitions === undefined && sizeBytes === OTADATA_SIZE_BYTES) {
    throw new CliError('cli/usage', `${file} is otadata alone, without a partition table`, {
      hint: 'Name the table: --partitions partitions.csv.',
    });
  }
  const tableFlashOffset = optionalSize('--table-offset', options.tableOffset);
  return loadPartitionTable(options.partitions ?? file, {
    variables: env,
    ...(tableFlashOffset === undefined ? {} : { tableFlashOffset }),
  });
}

/** The otadata partition of a file, with the table. Nothing else of the file is read. */
export async function readOtadata(
  file: string,
  options: FileOptions,
  env: Cli['context']['env'],
): Promise<{ readonly bytes: Uint8Array; readonly table: BootTable }> {
  await using source: ByteSource & AsyncDisposable = await openInputFile(file);
  const table = await tableFor(file, source.sizeBytes, options, env);
  const start = locateOtadata(source.sizeBytes, table);
  return { bytes: await source.read(start, OTADATA_SIZE_BYTES), table };
}

/** Replaces the otadata partition inside a file, whole or not at all, and says what boots then. */
export async function editOtadata(
  file: string,
  options: EditOptions & BootOptions,
  cli: Cli,
  edit: (otadata: Uint8Array, table: BootTable | null) => Uint8Array,
): Promise<void> {
  const whole = await readInputFile(file);
  // Of otadata alone not every edit needs to know the slots.
  const alone = whole.length === OTADATA_SIZE_BYTES && options.partitions === undefined;
  const table = alone ? null : await tableFor(file, whole.length, options, cli.context.env);
  const start = table === null ? 0 : locateOtadata(whole.length, table);
  const before = whole.slice(start, start + OTADATA_SIZE_BYTES);
  const after = edit(before, table);
  whole.set(after, start);
  const output = options.output ?? file;
  const overwrite = options.output === undefined || options.force === true;
  await writeOutputFile(output, whole, { overwrite });
  const changed = after.some((byte, offset) => byte !== before[offset]);
  report(output, after, table, changed, options, cli);
}

function report(
  output: string,
  bytes: Uint8Array,
  table: BootTable | null,
  changed: boolean,
  { json = false, rollback = false }: EditOptions & BootOptions,
  { context }: Cli,
): void {
  const inspection = table === null ? null : inspectOtadata(bytes, table, { rollback });
  const choice = inspection?.kind === 'otadata' ? inspection.choice : null;
  const boots = choice === null || choice.boots === null ? null : slotName(choice.boots);
  if (json) {
    const result = { file: output, changed, ...(choice === null ? {} : { boots }) };
    context.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const done = changed ? 'written' : 'nothing to change';
  const then =
    inspection?.kind === 'otadata' ? `; boots ${boots ?? 'nothing'}: ${inspection.why}` : '';
  context.stdout.write(`${output}: ${done}${then}\n`);
}
