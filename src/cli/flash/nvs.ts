import { type FlashDevice, FlashError, type FlashInput, planFlash } from '../../flash/index.ts';
import { buildNvs, locateNvs, type NvsBuildRow, parseNvsCsv } from '../../flash-data/index.ts';
import type { PartitionEntry, PartitionTable } from '../../partition-table/index.ts';
import { memorySource } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile } from '../files.ts';
import { withFile } from '../nvs/build.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import { nvsPartition, prepareBoardNvs } from './board-nvs.ts';
import { prepareNvsSealing } from './nvs-sealing.ts';
import { printPlan } from './plan-text.ts';
import { flashBoards } from './flash-boards.ts';
import {
  assertGood,
  namedTable,
  plannerOptions,
  show,
  tableOnBoard,
  type WritingOptions,
} from './planning.ts';

export interface NvsCommandOptions extends WritingOptions {
  readonly dryRun?: true;
}

/** `otakit flash nvs FILE.csv|FILE.bin` */
export async function nvs(
  files: readonly string[],
  options: NvsCommandOptions,
  cli: Cli,
): Promise<void> {
  const source = await readSource(files);
  const sealing = await prepareNvsSealing(options);
  const shared = source.kind === 'rows' ? source.rows : [];
  const perBoard = await prepareBoardNvs(options, sealing, shared);
  if (perBoard === null && files.length === 0) {
    throw new CliError('cli/usage', 'what is NVS to hold?', {
      hint: 'Name a CSV as for `otakit nvs build`, an image of NVS, or --nvs-rows.',
    });
  }
  if (perBoard !== null && source.kind === 'image') {
    throw new CliError('cli/usage', '--nvs-rows adds to a CSV, not to an image of NVS', {
      hint: `Give the CSV that ${source.fileName} was made of.`,
    });
  }
  const planFor = async (table: PartitionTable, own: readonly FlashInput[]) => {
    const entry = nvsPartition(table, options.partition);
    const inputs =
      own.length > 0
        ? own
        : await sealing.inputsFor(content(source, entry, options, cli), entry, table);
    return planFlash(inputs, { table, ...plannerOptions(options) });
  };
  const named = await namedTable(options, cli);
  // With a table everything is checked, and shown, before a port is opened.
  const early = named === null ? null : await planFor(named, []);
  if (named !== null) await perBoard?.check(named);
  if (early !== null) {
    show(early, options, cli);
    assertGood(early.issues, 'plan', options, cli);
  }
  if (options.dryRun) {
    if (early === null) throw noTable();
    if (options.json) printPlan(early, cli);
    return;
  }
  let isShown = early !== null;
  await flashBoards(options, cli, {
    early,
    perBoard,
    planFor: async (device: FlashDevice, own) => {
      const table = named ?? (await tableOnBoard(device, options));
      const plan = await planFor(table, own);
      if (!isShown) show(plan, options, cli);
      isShown = true;
      return plan;
    },
  });
}

type NvsSource =
  | { readonly kind: 'rows'; readonly fileName: string; readonly rows: readonly NvsBuildRow[] }
  | { readonly kind: 'image'; readonly fileName: string; readonly bytes: Uint8Array };

async function readSource(files: readonly string[]): Promise<NvsSource> {
  const rows: NvsBuildRow[] = [];
  for (const fileName of files) {
    const bytes = await readInputFile(fileName);
    if (isText(bytes)) {
      for (const row of parseNvsCsv(new TextDecoder().decode(bytes))) {
        rows.push(await withFile(row, true));
      }
      continue;
    }
    if (files.length > 1) {
      throw new CliError('cli/usage', `${fileName} is no CSV, and only those can be combined`, {
        hint: 'Give one image of NVS, or CSVs.',
      });
    }
    await locateNvs(memorySource(bytes), null);
    return { kind: 'image', fileName, bytes };
  }
  return { kind: 'rows', fileName: files.join(', '), rows };
}

function noTable(): FlashError {
  return new FlashError('flash/no-table', 'without a board the plan takes a partition table', {
    hint: 'Name it with --partitions.',
  });
}

/** No text has NUL or 0xFF in it, and no NVS is without. */
function isText(bytes: Uint8Array): boolean {
  return !bytes.includes(0) && !bytes.includes(0xff);
}

/** The whole partition: what is left of an older NVS in pages behind the image would come back. */
function content(
  source: NvsSource,
  { sizeBytes }: PartitionEntry,
  { nvsRows }: WritingOptions,
  { context }: Cli,
): { readonly fileName: string; readonly bytes: Uint8Array } {
  const { fileName } = source;
  if (source.kind === 'rows') {
    const { bytes, issues } = buildNvs(source.rows, { sizeBytes });
    renderIssues(issues, fileName, context.stderr, context.env);
    const ofEach = nvsRows === undefined ? [] : [`a row of ${nvsRows} for each board`];
    return { fileName: [fileName, ...ofEach].filter((one) => one !== '').join(', '), bytes };
  }
  const bytes = new Uint8Array(Math.max(sizeBytes, source.bytes.length)).fill(0xff);
  bytes.set(source.bytes);
  return { fileName, bytes };
}
