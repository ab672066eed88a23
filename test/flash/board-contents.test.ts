import { describe, expect, it } from 'vitest';
import { readBoardTable } from '../../src/flash/index.ts';
import { parsePartitionTable, serializePartitionBinary } from '../../src/partition-table/index.ts';
import { board, connectTo } from './board.ts';

/** A table with as many rows, of 4 KB each. */
function tableOf(rows: number) {
  const lines = Array.from({ length: rows }, (_, row) => `p${row}, data, nvs, , 0x1000, readonly`);
  return parsePartitionTable(new TextEncoder().encode(lines.join('\n')));
}

describe('the table on a board', () => {
  // With the MD5 row, 14 rows and the end are all that the first read brings.
  it.each([0, 1, 14, 15, 16, 60])('is read whole with %i rows', async (rows) => {
    const chip = board();
    const bytes = rows === 0 ? null : serializePartitionBinary(tableOf(rows));
    if (bytes !== null) chip.flash.load(0x8000, bytes);
    await using device = await connectTo(chip);
    const found = await readBoardTable(device);
    if (found.kind === 'none') expect([rows, found.problem]).toEqual([0, 'there is none']);
    else expect(serializePartitionBinary(found.table)).toEqual(bytes);
  });

  it('is told from something else that lies there', async () => {
    const chip = board();
    chip.flash.load(0x8000, Uint8Array.of(1, 2, 3));
    await using device = await connectTo(chip);
    expect(await readBoardTable(device)).toEqual({
      kind: 'none',
      problem: 'something else lies there',
    });
  });
});
