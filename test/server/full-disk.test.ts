import { spawnSync } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeWithPeers } from '../support/peer.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { startServer } from './crash/server-process.ts';

const NAMESPACE = ['--map-root-user', '--mount'];
const canMount = () =>
  spawnSync('unshare', [...NAMESPACE, 'mount', '-t', 'tmpfs', 'none', '/sys']).status === 0;

/** Mounts a small disk where the first argument says, and becomes the rest. */
const SMALL_DISK = 'mount -t tmpfs -o size=12m none "$0" && exec "$@"';

describeWithPeers(['unshare'], 'a disk that is full', () => {
  const possible = canMount();
  if (!possible) console.warn('SKIPPED "a disk that is full": no mount namespaces here');
  describe.skipIf(!possible)('of 12 MB', () => {
    it('is said by its name, keeps what was there, and is left behind once there is room', async () => {
      const folder = await temporaryFolder();
      const small = ['env', 'OTAKIT_SERVER_MIN_FREE=1M'];
      const launcher = [...small, 'unshare', ...NAMESPACE, 'sh', '-c', SMALL_DISK, folder];
      await using server = startServer(folder, 'warn', launcher);
      const { url = '', firstToken = '' } = (await server.listening) ?? {};
      const disk = `/proc/${server.pid}/root${folder}`;
      const ask = async (method: string, path: string, body?: unknown) => {
        const isBytes = body instanceof Uint8Array;
        const response = await fetch(`${url}/api/v1${path}`, {
          method,
          headers: {
            Authorization: `Bearer ${firstToken}`,
            'Content-Type': isBytes ? 'application/octet-stream' : 'application/json',
          },
          ...(body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) }),
        });
        const json = (await response.json()) as Readonly<Record<string, unknown>>;
        return { status: response.status, json };
      };
      const full = { status: 507, json: { code: 'fleet/disk-full', status: 507 } };
      const upload = (version: string, length: number) =>
        ask('POST', `/artifacts?packageId=model&version=${version}`, new Uint8Array(length));
      const made = await ask('POST', '/packages', { packageId: 'model', kind: 'binary' });
      expect(made.status).toBe(201);

      // Bytes: nothing of what did not fit is left.
      expect(await upload('1', 60_000)).toMatchObject({ status: 201 });
      expect(await upload('2', 65_000 * 200)).toMatchObject(full);
      expect(await readdir(join(disk, 'blobs', 'incoming'))).toEqual([]);

      // The database: many at once, of which some find no room, and no other fault.
      await fillUp(join(disk, 'more'));
      const ready = await fetch(`${url}/readyz`);
      expect(ready.status).toBe(503);
      expect(await ready.json()).toMatchObject({ code: 'server/not-ready' });
      const description = 'x'.repeat(1000);
      const cohorts = Array.from({ length: 60 }, (_, at) => ({ cohortId: `c${at}`, description }));
      const answers = await Promise.all(cohorts.map((body) => ask('POST', '/cohorts', body)));
      const refused = answers.filter(({ status }) => status !== 201);
      expect(refused.length).toBeGreaterThan(0);
      for (const answer of refused) expect(answer).toMatchObject(full);
      const { json } = await ask('GET', '/cohorts');
      expect(json['total']).toBe(cohorts.length - refused.length);

      await rm(join(disk, 'more'));
      const isReady = async () => (await fetch(`${url}/readyz`)).status;
      await expect.poll(isReady, { timeout: 30_000 }).toBe(200);
      const again = cohorts.filter((_, at) => answers[at]?.status !== 201);
      for (const body of again) {
        expect(await ask('POST', '/cohorts', body)).toMatchObject({ status: 201 });
      }
      expect(await ask('GET', '/cohorts')).toMatchObject({ json: { total: cohorts.length } });
      expect(await server.stop()).toBe(0);
    });
  });
});

/** Writes until nothing goes on the disk any more. */
async function fillUp(file: string): Promise<void> {
  for (const size of [1_000_000, 100_000, 10_000, 4096, 1]) {
    try {
      for (;;) await writeFile(file, new Uint8Array(size), { flag: 'a' });
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    }
  }
}
