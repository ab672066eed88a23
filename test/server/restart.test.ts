import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { openFolderServer } from '../../src/server/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { inPieces } from '../support/artifact-fleet.ts';
import { describeWithPeers } from '../support/peer.ts';
import { runPeer } from '../support/run-peer.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

const BYTES = Uint8Array.from({ length: 24_000_000 }, (_, at) => (at * 31) ^ (at >> 9));

describeWithPeers(
  ['curl'],
  'a download that goes on after a restart of the server',
  ([curl = '']) => {
    it('gets the rest by the URL of before, and its device is where it was', async () => {
      const folder = await temporaryFolder();
      const open = async () => {
        const server = await openFolderServer({
          folder,
          port: 0,
          bind: '127.0.0.1',
          clock: systemClock,
          version: '0.0.0',
          announced: false,
        });
        onTestFinished(() => server.stop(0));
        return server;
      };
      const server = await open();
      const { fleet } = server.home;
      await fleet.packages.create('system', { packageId: 'model', kind: 'binary' });
      const fields = { packageId: 'model', version: '1.0.0', blueprintIds: [] };
      const { artifactId } = await fleet.artifacts.upload('system', fields, inPieces(BYTES));
      await fleet.cohorts.create('system', { cohortId: 'c' });
      const { secret } = await fleet.devices.create('system', { deviceId: 'd', cohortId: 'c' });
      const { rolloutId } = await fleet.rollouts.start('system', {
        cohortId: 'c',
        components: [artifactId],
        canaryPercent: 100,
        soakMs: 0,
      });
      await fleet.rollouts.tick();
      const headers = { Authorization: `Bearer ${secret}` };
      const offer = await fetch(`${server.url}/api/v1/devices/d/ota`, { headers });
      const { artifact_url: url } = (await offer.json()) as { artifact_url: string };
      const { pathname } = new URL(url);
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await once(socket, 'readable');
      await server.stop(0);
      socket.destroy();

      const again = await open();
      const { rollouts } = again.home.fleet;
      const stateOf = async () => {
        const { list } = await rollouts.devices(rolloutId, {}, { page: 0, perPage: 1 });
        return list[0]?.state;
      };
      expect(await stateOf()).toBe('downloading');
      const file = join(folder, 'rest.bin');
      const args = ['-sS', '--max-time', '50', '-r', '1000000-', '-o', file];
      const format = ['-w', '%{http_code}', `${again.url}${pathname}`];
      const { stdout } = await runPeer(curl, [...args, ...format]);
      expect(stdout.toString()).toBe('206');
      const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
      expect(sha256(await readFile(file))).toBe(sha256(BYTES.subarray(1_000_000)));
      // What the server forgot of the first part is no reason to say anything that is not so.
      expect(await stateOf()).toBe('downloading');
      const events = await again.home.fleet.events.after(0, 1000);
      expect(events.map(({ type }) => type)).not.toContain('download.completed');

      const boot = await fetch(`${again.url}/api/v1/devices/d/boot`, {
        method: 'POST',
        headers,
        body: 'model=1.0.0',
      });
      expect(boot.status).toBe(204);
      await rollouts.tick();
      expect(await stateOf()).toBe('succeeded');
    }, 60_000);
  },
);
