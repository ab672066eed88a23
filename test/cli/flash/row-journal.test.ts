import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RowJournal } from '../../../src/cli/flash/row-journal.ts';
import { parseBoardRows } from '../../../src/flash-data/index.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

it('hands each row to one board, whoever asks at the same time', async () => {
  const csv = join(await temporaryFolder(), 'rows.csv');
  const numbers = Array.from({ length: 24 }, (_, index) => index);
  const text = `id,s:k:u8\n${numbers.map((number) => `r${number},${number}`).join('\n')}\n`;
  await writeFile(csv, text);
  const rows = await parseBoardRows(text);
  // Two benches on one file, as two processes are, and boards that both of them meet.
  const bench = new RowJournal(csv, rows);
  const other = new RowJournal(csv, rows);
  const taken = await Promise.all(
    [...numbers, ...numbers.slice(0, 5)].map((number, index) =>
      (index % 2 === 0 ? bench : other).take(`02:00:00:00:00:${number}`, 0),
    ),
  );
  const ids = taken.map((row) => row.id);
  expect(new Set(ids).size).toBe(numbers.length);
  expect(ids.slice(numbers.length)).toEqual(ids.slice(0, 5));
});

it('says where it cannot write', async () => {
  const rows = await parseBoardRows('id,s:k:u8\na,1\n');
  const journal = new RowJournal(join(await temporaryFolder(), 'missing', 'rows.csv'), rows);
  await expect(journal.take('02:00:00:00:00:01', 0)).rejects.toMatchObject({
    code: 'cli/file-not-writable',
  });
});
