import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ArtifactManifest,
  generateSigningKey,
  openBlobFolder,
  readPrivateKey,
  serializeSignatureFile,
  signManifest,
} from '../../src/fleet/index.ts';
import { openFolderServer } from '../../src/server/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { sha256Of, TABLE } from '../support/artifact-fleet.ts';
import { buildTestApp } from '../support/build-image.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/** A server that takes only what is signed, with a package, a blueprint and a key. */
async function start(folder: string) {
  const server = await openFolderServer({
    folder,
    port: 0,
    bind: '127.0.0.1',
    clock: systemClock,
    version: '0.0.0',
    announced: true,
    fleet: { requireSignatures: true },
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const ask = async (path: string, body: string | Uint8Array<ArrayBuffer>) => {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method: 'POST',
      body,
      headers: {
        authorization: `Bearer ${server.localToken}`,
        'content-type': typeof body === 'string' ? 'application/json' : 'application/octet-stream',
      },
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
  return { server, ask };
}

describe('uploading over HTTP', () => {
  it('takes the file that `otakit sign` wrote, and says what differs where it does not hold', async () => {
    const folder = await temporaryFolder();
    const { ask } = await start(folder);
    const pair = generateSigningKey('ecdsa-p256');
    await ask('/packages', JSON.stringify({ packageId: 'main' }));
    const blueprint = { blueprintId: 'sensor', chip: 'esp32', flashSizeBytes: 4 * 1024 * 1024 };
    const made = await ask('/blueprints', JSON.stringify({ ...blueprint, partitionTable: TABLE }));
    expect(made.status).toBe(201);
    await ask('/keys', JSON.stringify({ name: 'release', publicKey: pair.publicKey }));

    const app = await buildTestApp();
    const manifest: ArtifactManifest = {
      packageId: 'main',
      version: '1.0.0',
      chip: 'esp32',
      blueprintIds: ['sensor'],
      sizeBytes: app.length,
      sha256: sha256Of(app),
      secureVersion: 0,
      sequence: 1,
    };
    const file = (fields: Partial<ArtifactManifest>) =>
      serializeSignatureFile(
        signManifest({ ...manifest, ...fields }, readPrivateKey(pair.privateKey)),
      );
    const upload = (...signatures: readonly string[]) => {
      const query = new URLSearchParams({ packageId: 'main', blueprintId: 'sensor' });
      for (const signature of signatures) query.append('signature', signature);
      return ask(`/artifacts?${query.toString()}`, app);
    };
    expect(await upload()).toMatchObject({ status: 422, json: { code: 'fleet/unsigned' } });
    expect((await upload('no JSON')).status).toBeGreaterThanOrEqual(400);
    expect(await upload(file({ version: '0.9.0' }))).toMatchObject({
      status: 422,
      json: {
        code: 'fleet/bad-signature',
        detail: expect.stringContaining('version 0.9.0, here 1.0.0') as string,
      },
    });
    const artifact = await upload(file({}));
    expect(artifact).toMatchObject({
      status: 201,
      json: { version: '1.0.0', signatures: [{ keyId: pair.keyId, sequence: 1 }] },
    });
    const later = await ask(
      `/artifacts/${String(artifact.json['artifactId'])}/signatures`,
      file({ sequence: 5 }),
    );
    expect(later).toMatchObject({ status: 201, json: { signatures: [{ sequence: 5 }] } });
    expect(await upload(file({}))).toMatchObject({ status: 409, json: { code: 'fleet/exists' } });
  });

  it('removes at its start what a crash between bytes and record left behind', async () => {
    const folder = await temporaryFolder();
    const orphan = join(folder, 'blobs', 'sha256', 'ab');
    await mkdir(orphan, { recursive: true });
    await writeFile(join(orphan, 'cd'.repeat(31)), 'orphan');
    const { server } = await start(folder);
    const left: string[] = [];
    await server.stop();
    for await (const { sha256 } of (await openBlobFolder(join(folder, 'blobs'))).list()) {
      left.push(sha256);
    }
    expect(left).toEqual([]);
  });
});
