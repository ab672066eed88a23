import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  type BlobStore,
  createMemoryBlobs,
  FleetError,
  keepHot,
  openBlobFolder,
  verifyBlob,
} from '../../../src/fleet/index.ts';
import { concatBytes } from '../../../src/shared/index.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const text = (value: string) => new TextEncoder().encode(value);
const digest = (algorithm: string, bytes: Uint8Array) =>
  createHash(algorithm).update(bytes).digest('hex');

/** Brings bytes in and gives back how they are called. */
async function keep(blobs: BlobStore, ...parts: readonly Uint8Array[]): Promise<string> {
  await using stage = await blobs.stage();
  for (const part of parts) await stage.write(part);
  const staged = await stage.finish();
  await staged.commit();
  return staged.sha256;
}

async function listed(blobs: BlobStore): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { sha256 } of blobs.list()) names.push(sha256);
  return names.toSorted();
}

describe.each([
  ['in a folder', async () => openBlobFolder(await temporaryFolder())],
  ['in memory', async () => createMemoryBlobs()],
  [
    'in a folder, those of late from memory',
    async () =>
      keepHot(await openBlobFolder(await temporaryFolder()), {
        mostBytes: 1000,
        mostOfOneBytes: 400,
      }),
  ],
] as const)('bytes %s', (_, create) => {
  it('come out as they went in, in any pieces', async () => {
    const blobs = await create();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 })), async (parts) => {
        const whole = concatBytes(parts);
        const sha256 = await keep(blobs, ...parts);
        expect(sha256).toBe(digest('sha256', whole));
        await using blob = await blobs.open(sha256);
        expect(blob).toMatchObject({ sizeBytes: whole.length, sha256 });
        const half = whole.length >> 1;
        const pieces = [await blob?.slice(0, half), await blob?.slice(half, whole.length)];
        expect(concatBytes(pieces.filter((piece) => piece !== undefined))).toEqual(whole);
        expect(await verifyBlob(blobs, sha256)).toBe('intact');
      }),
      { numRuns: 30 },
    );
  });

  it('can be looked at before they count', async () => {
    const blobs = await create();
    await using stage = await blobs.stage();
    await stage.write(text('hello '));
    await stage.write(text('world'));
    const staged = await stage.finish();
    expect(staged).toMatchObject({
      sizeBytes: 11,
      sha256: digest('sha256', text('hello world')),
      md5: digest('md5', text('hello world')),
    });
    expect(await staged.source.read(6, 5)).toEqual(text('world'));
    await expect(staged.source.read(6, 6)).rejects.toMatchObject({ code: 'bytes/read-past-end' });
    expect(await blobs.has(staged.sha256)).toBe(false);
    expect(await listed(blobs)).toEqual([]);
    await staged.commit();
    expect(await blobs.has(staged.sha256)).toBe(true);
    expect(await listed(blobs)).toEqual([staged.sha256]);
  });

  it('are gone where they were not committed', async () => {
    const blobs = await create();
    let name = '';
    {
      await using stage = await blobs.stage();
      await stage.write(text('refused'));
      name = (await stage.finish()).sha256;
    }
    expect([await blobs.open(name), await listed(blobs)]).toEqual([null, []]);
  });

  it('are kept once, and stay whole while the same bytes come in again', async () => {
    const blobs = await create();
    const name = await keep(blobs, text('twice'));
    await using open = await blobs.open(name);
    expect(await keep(blobs, text('tw'), text('ice'))).toBe(name);
    expect(await listed(blobs)).toEqual([name]);
    expect(await open?.slice(0, 5)).toEqual(text('twice'));
  });

  it('can be deleted', async () => {
    const blobs = await create();
    const name = await keep(blobs, text('old'));
    expect([await blobs.delete(name), await blobs.delete(name)]).toEqual([true, false]);
    expect([await blobs.has(name), await verifyBlob(blobs, name)]).toEqual([false, 'missing']);
  });

  it('are refused beyond the limit, before anything beyond it is kept', async () => {
    const blobs = await create();
    await using stage = await blobs.stage({ maxBytes: 10 });
    await stage.write(new Uint8Array(10));
    await expect(stage.write(new Uint8Array(1))).rejects.toMatchObject({
      code: 'fleet/too-large',
      httpStatus: 413,
      details: { maxBytes: 10 },
    });
    expect(await listed(blobs)).toEqual([]);
  });

  it.each(['', '..', '../../etc/passwd', 'A'.repeat(64), `${'a'.repeat(62)}/..`, '0'.repeat(65)])(
    'are not found under what is no digest: %j',
    async (name) => {
      const blobs = await create();
      expect([await blobs.open(name), await blobs.has(name), await blobs.delete(name)]).toEqual([
        null,
        false,
        false,
      ]);
    },
  );
});

describe('a folder of bytes', () => {
  it('lies as its name says, two digits a folder', async () => {
    const folder = await temporaryFolder();
    const name = await keep(await openBlobFolder(folder), text('hello'));
    const file = join(folder, 'sha256', name.slice(0, 2), name.slice(2));
    expect(await readFile(file, 'utf8')).toBe('hello');
  });

  it('forgets what a crash left behind, and keeps what was committed', async () => {
    const folder = await temporaryFolder();
    const before = await openBlobFolder(folder);
    const name = await keep(before, text('committed'));
    const torn = await before.stage();
    await torn.write(text('half of it'));
    expect(await readdir(join(folder, 'incoming'))).toHaveLength(1);

    const after = await openBlobFolder(folder);
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
    expect(await listed(after)).toEqual([name]);
    await torn[Symbol.asyncDispose]();
  });

  it('says which bytes were changed behind its back', async () => {
    const folder = await temporaryFolder();
    const blobs = await openBlobFolder(folder);
    const name = await keep(blobs, text('hello'));
    await writeFile(join(folder, 'sha256', name.slice(0, 2), name.slice(2)), 'jello');
    expect(await verifyBlob(blobs, name)).toBe('damaged');
  });

  it('cannot be where a file is', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'x'));
    await writeFile(join(folder, 'x', 'sha256'), '');
    await expect(openBlobFolder(join(folder, 'x'))).rejects.not.toBeInstanceOf(FleetError);
  });
});
