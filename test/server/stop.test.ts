import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createLog, openFolderServer } from '../../src/server/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { inPieces } from '../support/artifact-fleet.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

it('a stop writes down what it broke off', async () => {
  const folder = await temporaryFolder();
  const log: string[] = [];
  const open = async () => {
    const server = await openFolderServer({
      folder,
      port: 0,
      bind: '127.0.0.1',
      clock: systemClock,
      version: '0.0.0',
      announced: false,
      log: createLog('debug', { write: (line) => log.push(line) }),
    });
    onTestFinished(() => server.stop(0));
    return server;
  };
  const server = await open();
  const { fleet } = server.home;
  await fleet.packages.create('system', { packageId: 'model', kind: 'binary' });
  const fields = { packageId: 'model', version: '1.0.0', blueprintIds: [] };
  const bytes = inPieces(new Uint8Array(24_000_000));
  const { artifactId } = await fleet.artifacts.upload('system', fields, bytes);
  const { deploymentId } = await fleet.deployments.create('system', { components: [artifactId] });
  const { secret } = await fleet.devices.create('system', { deviceId: 'd' });
  await fleet.devices.update('system', 'd', { pinnedDeploymentId: deploymentId });
  const offer = await fetch(`${server.url}/api/v1/devices/d/ota`, {
    headers: { Authorization: `Bearer ${secret}` },
  });
  const { artifact_url: url } = (await offer.json()) as { artifact_url: string };
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`GET ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(socket, 'readable');
  await server.stop(0);
  socket.destroy();
  expect(log.filter((line) => line.includes('"error"'))).toEqual([]);
  const again = await open();
  const events = await again.home.fleet.events.after(0, 100);
  expect(events.map(({ type }) => type)).toContain('download.cut');
});
