import { Agent, request } from 'node:http';
import { expect, it } from 'vitest';
import { startRealFleet } from '../../support/real-fleet.ts';
import { ManualClock } from '../../support/manual-clock.ts';

it('a device that fetches one thing after the other needs one place, and keeps no place by its connections', async () => {
  await using server = await startRealFleet(new ManualClock(), { downloadsPerDevice: 1 });
  const secret = await server.device('board-1');
  const { deploymentId } = await server.deployment('1.0.0');
  await server.fleet.cohorts.update('system', 'production', { activeDeploymentId: deploymentId });
  const answer = await fetch(`${server.url}/api/v1/devices/board-1/ota`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  const { artifact_url } = (await answer.json()) as { artifact_url: string };
  // Two connections that stay open: each quiet one leaves the server waiting for what comes next.
  const agents = [1, 2].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  const statuses: (number | undefined)[] = [];
  for (const agent of [...agents, ...agents]) {
    statuses.push(
      await new Promise((resolve, reject) => {
        request(artifact_url, { agent }, (response) => {
          response.resume().once('end', () => resolve(response.statusCode));
        })
          .once('error', reject)
          .end();
      }),
    );
  }
  for (const agent of agents) agent.destroy();
  expect(statuses).toEqual([200, 200, 200, 200]);
});
