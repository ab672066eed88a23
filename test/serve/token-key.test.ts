import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTokenKey } from '../../src/serve/index.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

describe('openTokenKey', () => {
  it('makes a key that only its owner may read, and finds it again', async () => {
    const path = join(await temporaryFolder(), 'data', 'otakit', 'serve.key');
    const made = await openTokenKey(path);
    expect(made.bytes).toHaveLength(32);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(path, '..'))).toEqual(['serve.key']);
    expect(await openTokenKey(path)).toEqual(made);
  });

  it('makes another key in another place', async () => {
    const folder = await temporaryFolder();
    const one = await openTokenKey(join(folder, 'one'));
    const two = await openTokenKey(join(folder, 'two'));
    expect(one.bytes).not.toEqual(two.bytes);
  });

  it('agrees on one key when many start at once', async () => {
    const path = join(await temporaryFolder(), 'serve.key');
    const keys = await Promise.all(Array.from({ length: 10 }, () => openTokenKey(path)));
    for (const { bytes } of keys) expect(Buffer.from(bytes)).toEqual(await readFile(path));
  });

  it('replaces a key that others could read: serve/key-exposed', async () => {
    const path = join(await temporaryFolder(), 'serve.key');
    const before = await openTokenKey(path);
    await chmod(path, 0o644);
    const after = await openTokenKey(path);
    expect(after.issues.map((issue) => issue.code)).toEqual(['serve/key-exposed']);
    expect(after.bytes).not.toEqual(before.bytes);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('refuses a damaged key: serve/key-unusable', async () => {
    const path = join(await temporaryFolder(), 'serve.key');
    await writeFile(path, 'short', { mode: 0o600 });
    await expect(openTokenKey(path)).rejects.toMatchObject({
      code: 'serve/key-unusable',
      message: expect.stringContaining('5 bytes, not 32') as string,
    });
  });
});
