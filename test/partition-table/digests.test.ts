import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePartitionTable, serializePartitionBinary } from '../../src/partition-table/index.ts';
import { md5, toHex } from '../../src/shared/index.ts';

const FOLDERS = ['../../partitions/', 'fixtures/real-world/'].map(
  (folder) => new URL(folder, import.meta.url),
);

/** The MD5 of what `gen_esp32part.py --no-verify` (version 1.5) wrote for each file. */
const DIGESTS = JSON.parse(
  readFileSync(new URL('fixtures/gen-esp32part-digests.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, string>>;

describe('without gen_esp32part.py at hand', () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(folder).map((name) => ({ name, url: new URL(name, folder) })),
  );

  it('has a digest for every table', () => {
    expect(files.map(({ name }) => name).toSorted()).toEqual(Object.keys(DIGESTS).toSorted());
  });

  it.each(files)('$name becomes the bytes that it wrote', ({ name, url }) => {
    const table = parsePartitionTable(new Uint8Array(readFileSync(url)));
    expect(toHex(md5(serializePartitionBinary(table)))).toBe(DIGESTS[name]);
  });
});
