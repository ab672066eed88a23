import { readdirSync, readFileSync } from 'node:fs';
import {
  diffPartitionTables,
  drawFlashMapSvg,
  fitPreset,
  inspectPartitionTable,
  parseCsvDocument,
  parsePartitionBinary,
  parsePartitionTable,
  PartitionTableError,
  serializeCsvDocument,
  serializePartitionBinary,
  serializePartitionCsv,
  setCsvField,
  validatePartitionTable,
} from '../../src/partition-table/index.ts';
import { type FuzzTarget, mayThrow } from './target.ts';

const FOLDERS = ['../../partitions/', '../partition-table/fixtures/real-world/'];

function texts(): readonly Uint8Array[] {
  return FOLDERS.flatMap((folder) => {
    const url = new URL(folder, import.meta.url);
    return readdirSync(url).map((file) => new Uint8Array(readFileSync(new URL(file, url))));
  });
}

function binaries(): readonly Uint8Array[] {
  return texts().map((text) => serializePartitionBinary(parsePartitionTable(text)));
}

/** Everything that is done with a table once it could be read. */
async function use(input: Uint8Array): Promise<void> {
  const { table } = inspectPartitionTable(input, { md5: 'ignore' });
  if (table === null) return;
  validatePartitionTable(table, { flashSizeBytes: 1 << 22, secure: 'v1', chip: 'esp32' });
  drawFlashMapSvg(table);
  await mayThrow([PartitionTableError], () =>
    diffPartitionTables(table, { ...table, entries: table.entries.slice(1) }),
  );
  await mayThrow([PartitionTableError], () => {
    const again = parsePartitionBinary(serializePartitionBinary(table));
    if (again.entries.length !== table.entries.length) throw new Error('entries were lost');
  });
  await mayThrow([PartitionTableError], () => serializePartitionCsv(table));
}

export const targets: readonly FuzzTarget[] = [
  { name: 'partition-table/binary', seeds: binaries, run: use },
  {
    name: 'partition-table/csv',
    seeds: texts,
    words: [
      '0x',
      'K',
      'M',
      ',',
      ':',
      '#',
      '$',
      '${',
      '\n',
      '-',
      'encrypted',
      'app',
      '９',
      '\ufeff',
    ],
    run: use,
  },
  {
    name: 'partition-table/edit',
    seeds: texts,
    run: (input) =>
      mayThrow([PartitionTableError], () => {
        const document = parseCsvDocument(new TextDecoder().decode(input));
        const edited = setCsvField(document, 1 + (input.length % 9), 'size', '0x1000');
        parsePartitionTable(new TextEncoder().encode(serializeCsvDocument(edited)));
      }),
  },
  {
    name: 'partition-table/fit',
    seeds: texts,
    run: (input) =>
      mayThrow([PartitionTableError], () =>
        fitPreset(parsePartitionTable(input), { flashSizeBytes: 1 << 23, imageBytes: 3_000_000 }),
      ),
  },
];
