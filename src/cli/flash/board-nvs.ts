import {
  type BoardRow,
  buildNvs,
  type NvsBuildRow,
  type NvsCsvRow,
  parseBoardRows,
} from '../../flash-data/index.ts';
import type { FlashInput } from '../../flash/index.ts';
import type { PartitionEntry, PartitionTable } from '../../partition-table/index.ts';
import { printable, systemClock } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile } from '../files.ts';
import { withFile } from '../nvs/build.ts';
import type { NvsKeyOptions, NvsSealing } from './nvs-sealing.ts';
import { RowJournal } from './row-journal.ts';

/** What the writing commands can be told of NVS. */
export interface NvsRowOptions extends NvsKeyOptions {
  readonly partition?: string;
  readonly nvsRows?: string;
  readonly nvsConfig?: string;
}

/** What each board gets of its own. */
export interface BoardInputs {
  /** Everything that can be checked without a board: whether each row fits. */
  check(table: PartitionTable): Promise<void>;
  /** Where it comes from and how much is left, for people. */
  summary(): Promise<string>;
  /** What this board gets; the same each time. */
  inputsFor(mac: string, table: PartitionTable): Promise<readonly FlashInput[]>;
  /** Which row it was, for people, once it has one. */
  describe(mac: string): string | null;
  /** To be told when a board has it. */
  done(mac: string): Promise<void>;
}

const NVS_TYPE = 1;
const NVS_SUBTYPE = 2;

/** The NVS partition that is meant: the one of that name, or the first. @throws CliError `cli/usage` */
export function nvsPartition({ entries }: PartitionTable, name: string | undefined) {
  const found = entries.filter(({ type, subtype }) => type === NVS_TYPE && subtype === NVS_SUBTYPE);
  const entry = name === undefined ? found[0] : found.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  const what = name === undefined ? 'no NVS partition' : `no NVS partition "${name}"`;
  throw new CliError('cli/usage', `the partition table has ${what}`, {
    hint:
      found.length === 0
        ? 'Add a row `nvs, data, nvs, , 0x4000` to it.'
        : `It has ${found.map((one) => one.name).join(', ')}.`,
  });
}

/**
 * The rows of `--nvs-rows`, each for one board; `null` without it.
 *
 * @param sealing how NVS is written
 * @param shared what every board gets beside its row, which wins where both have a key
 * @throws NvsError, CliError; FlashError `flash/nvs-encrypted`
 */
export async function prepareBoardNvs(
  { nvsRows, nvsConfig, partition }: NvsRowOptions,
  sealing: NvsSealing,
  shared: readonly NvsBuildRow[] = [],
): Promise<BoardInputs | null> {
  if (nvsRows === undefined) {
    if (nvsConfig === undefined) return null;
    throw new CliError('cli/usage', '--nvs-config is for --nvs-rows', { hint: 'Add --nvs-rows.' });
  }
  const config = nvsConfig === undefined ? undefined : await text(nvsConfig);
  const rows = await parseBoardRows(await text(nvsRows), config === undefined ? {} : { config });
  const contents = new Map<BoardRow, readonly NvsBuildRow[]>();
  for (const row of rows) {
    const own = await Promise.all(row.rows.map((one) => withFile(one, true)));
    contents.set(row, merged(shared, own));
  }
  const journal = new RowJournal(nvsRows, rows);
  const given = new Map<string, BoardRow>();
  const build = (row: BoardRow, { sizeBytes }: PartitionEntry) =>
    buildNvs(contents.get(row) ?? [], { sizeBytes, reopenNamespaces: true }).bytes;
  return {
    check: async (table) => {
      const entry = nvsPartition(table, partition);
      for (const row of rows) await sealing.check(table, build(row, entry));
    },
    summary: async () => {
      const taken = new Set((await journal.claims()).map(({ row }) => row));
      const free = rows.filter(({ id, mac }) => mac === null && !taken.has(id)).length;
      const bound = rows.filter(({ mac }) => mac !== null).length;
      const named = bound === 0 ? '' : `, ${bound} with a MAC address`;
      return `NVS: a row of ${nvsRows} for each board; ${rows.length} rows, ${free} free${named}`;
    },
    inputsFor: async (mac, table) => {
      const entry = nvsPartition(table, partition);
      // Before a row is taken: this board gets none if it could not read it.
      await sealing.check(table, new Uint8Array(entry.sizeBytes).fill(0xff));
      const row = await journal.take(mac, systemClock.now());
      given.set(mac, row);
      const fileName = `${nvsRows}, ${describeRow(row)}`;
      return sealing.inputsFor({ fileName, bytes: build(row, entry) }, entry, table);
    },
    describe: (mac) => {
      const row = given.get(mac);
      return row === undefined ? null : describeRow(row);
    },
    done: async (mac) => {
      const row = given.get(mac);
      if (row !== undefined) await journal.flashed(mac, row, systemClock.now());
    },
  };
}

function describeRow({ isNamed, id, line }: BoardRow): string {
  return isNamed ? printable(id) : `line ${line}`;
}

/** The rows of both, without those of the first that the second has too. */
function merged(
  shared: readonly NvsBuildRow[],
  own: readonly NvsBuildRow[],
): readonly NvsBuildRow[] {
  const ownNames = new Set(withNamespaces(own).map(([name]) => name));
  const kept = withNamespaces(shared).filter(
    ([name, { type }]) => type === 'namespace' || !ownNames.has(name),
  );
  return [...kept.map(([, row]) => row), ...own];
}

/** Each row beside what it is called in full. */
function withNamespaces(rows: readonly NvsBuildRow[]): readonly (readonly [string, NvsCsvRow])[] {
  let namespace = '';
  return rows.map((row) => {
    if (row.type === 'namespace') namespace = row.key;
    return [`${namespace}\0${row.key}`, row];
  });
}

async function text(path: string): Promise<string> {
  return new TextDecoder().decode(await readInputFile(path));
}
