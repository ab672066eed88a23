import { expect, it } from 'vitest';
import { RolloutWorld } from '../../support/rollout-world.ts';

const NOW = { canaryPercent: 100, stepPercent: null, minSample: 10 } as const;

it('a device that is too old takes the stepping stone first, and falls back to it as to anything', async () => {
  await using world = await RolloutWorld.open();
  await world.devices(1);
  await world.artifact('2.0.0');
  const deploymentId = await world.deployment('3.0.0', { minVersion: '2.0.0' });
  const rolloutId = await world.start({ ...NOW, deploymentId });
  expect(await world.offered('d000')).toBe('2.0.0');
  await world.says('d000', 'rebooting');
  await world.boots('d000', '2.0.0');
  expect(await world.row(rolloutId, 'd000')).toMatchObject({
    state: 'offered',
    reason: 'booted 2.0.0, a step on the way',
  });
  expect(await world.offered('d000')).toBe('3.0.0');
  // A restart on the way is none of its fall-backs.
  await world.says('d000', 'downloading');
  await world.boots('d000', '2.0.0');
  expect(await world.state(rolloutId, 'd000')).toBe('offered');
  await world.says('d000', 'rebooting');
  await world.boots('d000', '2.0.0');
  expect(await world.row(rolloutId, 'd000')).toMatchObject({
    state: 'rolled-back',
    reason: 'booted 2.0.0 again: rolled back by its bootloader',
  });
  expect(await world.waits('d000')).toContain('failed it before');
  await world.clock.advance(10 * 60_000);
  expect(await world.offered('d000')).toBe('3.0.0');
  await world.boots('d000', '3.0.0');
  expect(await world.state(rolloutId, 'd000')).toBe('succeeded');
  await world.boots('d000', '2.0.0');
  expect(await world.state(rolloutId, 'd000')).toBe('rolled-back');
  expect(await world.contradictions(rolloutId)).toEqual([]);
});
