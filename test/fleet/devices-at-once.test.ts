import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createFleet, createMemoryBlobs, openStore } from '../../src/fleet/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

it('a device is what the last change made of it, at the very next contact', async () => {
  const clock = new ManualClock();
  // A file, since there what devices ask is read over a connection of its own.
  const store = await openStore({ file: join(await temporaryFolder(), 'fleet.db'), clock });
  await using fleet = createFleet({ store, blobs: createMemoryBlobs(), clock });
  const { gate, devices, cohorts } = fleet;
  await cohorts.create('system', { cohortId: 'a' });
  await cohorts.create('system', { cohortId: 'b' });
  const { secret } = await devices.create('system', { deviceId: 'one', cohortId: 'a' });
  const contact = (presented: string) => gate.authenticate('one', presented);
  expect(await contact(secret)).toMatchObject({ device: { cohortId: 'a' } });
  await devices.update('system', 'one', { cohortId: 'b' });
  const moved = await contact(secret);
  expect(moved).toMatchObject({ device: { cohortId: 'b', reported: {} } });
  if (moved === null) expect.unreachable();
  await gate.booted(moved, {
    packageId: 'main',
    version: '1.0.0',
    imageHash: null,
    appElfSha256: null,
    secureVersion: null,
    sinceBoot: true,
  });
  expect(await contact(secret)).toMatchObject({
    device: { reported: { main: { version: '1.0.0' } } },
  });
  const { secret: next } = await devices.rotateSecret('system', 'one');
  expect(await contact(next)).not.toBeNull();
  expect(await contact(secret)).toBeNull();
  await devices.update('system', 'one', { enabled: false });
  expect(await contact(next)).toBeNull();
  await devices.update('system', 'one', { enabled: true });
  expect(await contact(next)).not.toBeNull();
  await devices.remove('system', 'one');
  expect(await contact(next)).toBeNull();
  const again = await devices.create('system', { deviceId: 'one', cohortId: 'a' });
  expect(await contact(next)).toBeNull();
  expect(await contact(again.secret)).toMatchObject({ device: { cohortId: 'a', reported: {} } });
});
