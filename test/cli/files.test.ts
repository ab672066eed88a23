import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openInputFile, readInputFile, writeOutputFile } from '../../src/cli/files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('reading', () => {
  it('says which file cannot be read and why', async () => {
    const path = join(folder, 'missing.bin');
    const expected = { code: 'cli/file-not-readable', details: { path } };
    await expect(readInputFile(path)).rejects.toMatchObject(expected);
    await expect(openInputFile(path)).rejects.toMatchObject(expected);
    await expect(openInputFile(folder)).rejects.toMatchObject({ code: 'cli/file-not-readable' });
  });

  it.skipIf(process.platform === 'win32')('refuses devices, which have no end', async () => {
    const expected = { code: 'cli/file-not-readable' };
    await expect(readInputFile('/dev/zero')).rejects.toMatchObject(expected);
    await expect(openInputFile('/dev/zero')).rejects.toMatchObject(expected);
  });

  it('reads a window of a file', async () => {
    const path = join(folder, 'a.bin');
    await writeFile(path, Uint8Array.of(0, 1, 2, 3));
    await using source = await openInputFile(path);
    expect([...(await source.read(1, 2))]).toEqual([1, 2]);
    await expect(source.read(3, 2)).rejects.toMatchObject({ code: 'bytes/read-past-end' });
  });
});

describe('writing', () => {
  it('refuses to overwrite unless told to, and leaves nothing half-written', async () => {
    const path = join(folder, 'a.txt');
    await writeOutputFile(path, 'one');
    await expect(writeOutputFile(path, 'two')).rejects.toMatchObject({ code: 'cli/file-exists' });
    await writeOutputFile(path, 'two', { overwrite: true });
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(folder)).toEqual(['a.txt']);
  });

  it('says that a folder is missing', async () => {
    await expect(writeOutputFile(join(folder, 'no', 'a'), 'x')).rejects.toMatchObject({
      code: 'cli/file-not-writable',
    });
  });
});
