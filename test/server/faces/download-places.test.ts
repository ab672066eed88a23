import { Agent, request } from 'node:http';
import { expect, it } from 'vitest';
import { startRealFleet } from '../../support/real-fleet.ts';
import { ManualClock } from '../../support/manual-clock.ts';

it('a device that fetches one thing after the other over one connection needs one place', async () => {
  await using server = await startRealFleet(new ManualClock(), { downloadsPerDevice: 1 });
  const secret = await server.device('board-1');
  const { deploymentId } = await server.deployment('1.0.0');
  await server.fleet.cohorts.update('system', 'production', { activeDeploymentId: deploymentId });
  const answer = await fetch(`${server.url}/api/v1/devices/board-1/ota`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  const { artifact_url } = (await answer.json()) as { artifact_url: string };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statuses: (number | undefined)[] = [];
  for (let count = 0; count < 5; count += 1) {
    statuses.push(
      await new Promise((resolve, reject) => {
        request(artifact_url, { agent }, (response) => {
          response.resume().once('end', () => setImmediate(resolve, response.statusCode));
        })
          .once('error', reject)
          .end();
      }),
    );
  }
  agent.destroy();
  expect(statuses).toEqual([200, 200, 200, 200, 200]);
});
