import { rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { watchFiles } from '../../src/serve/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

async function watching(names: readonly string[]) {
  const folder = await temporaryFolder();
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) await writeFile(path, 'first');
  const clock = new ManualClock();
  const stop = new AbortController();
  const seen: boolean[] = [];
  const done = (async () => {
    for await (const { isSettled } of watchFiles(paths, { clock, signal: stop.signal })) {
      seen.push(isSettled);
    }
  })();
  const pass = async (durationMs: number) => {
    for (let ms = 0; ms < durationMs; ms += 250) {
      await clock.untilSomethingSleeps();
      await clock.advance(250);
    }
    await clock.untilSomethingSleeps();
  };
  await pass(250);
  const end = async () => {
    stop.abort();
    await done;
  };
  return { paths, seen, pass, end };
}

describe('watchFiles', () => {
  it('reports a change once it has stopped, and again when it surely has', async () => {
    const { paths, seen, pass, end } = await watching(['app.bin']);
    await pass(2000);
    expect(seen).toEqual([]);
    await writeFile(paths[0] ?? '', 'second, longer');
    await pass(500);
    expect(seen).toEqual([]);
    await pass(750);
    expect(seen).toEqual([false]);
    await pass(4000);
    expect(seen).toEqual([false, true]);
    await end();
  });

  it('waits while a file is still growing', async () => {
    const { paths, seen, pass, end } = await watching(['app.bin']);
    for (let length = 1; length <= 20; length += 1) {
      await writeFile(paths[0] ?? '', 'x'.repeat(length));
      await pass(500);
      expect(seen).toEqual([]);
    }
    await pass(4000);
    expect(seen).toEqual([false, true]);
    await end();
  });

  it('sees a file that is replaced, with the same size, and one that was gone for a while', async () => {
    const { paths, seen, pass, end } = await watching(['app.bin', 'table.csv']);
    const [image = '', table = ''] = paths;
    await writeFile(`${image}.new`, 'other');
    await utimes(`${image}.new`, 1, 1);
    await rename(`${image}.new`, image);
    await pass(4000);
    expect(seen).toEqual([false, true]);
    await rm(table);
    await pass(5000);
    expect(seen).toEqual([false, true]);
    await writeFile(table, 'again');
    await pass(4000);
    expect(seen).toEqual([false, true, false, true]);
    await end();
  });
});
