import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { OPERATOR, RolloutWorld } from '../support/rollout-world.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

describe('a device that uses its new secret while the disk is busy', () => {
  let world: RolloutWorld;
  let first: string;
  let second: string;
  beforeEach(async () => {
    // A file, since in memory there is one connection, on which reading waits for writing.
    world = await RolloutWorld.open({ file: join(await temporaryFolder(), 'fleet.db') });
    ({ secret: first } = await world.fleet.devices.create(OPERATOR, { deviceId: 'one' }));
    ({ secret: second } = await world.fleet.devices.rotateSecret(OPERATOR, 'one'));
    return () => world[Symbol.asyncDispose]();
  });

  const contact = (secret: string) => world.fleet.gate.authenticate('one', secret);
  /** Nothing else is stored until it is called. */
  const keepBusy = () => {
    const disk = Promise.withResolvers<void>();
    const busy = world.store.transaction(() => disk.promise);
    return async () => {
      disk.resolve();
      await busy;
    };
  };

  it('is let in at once, and the old secret is not any more', async () => {
    const release = keepBusy();
    expect(await contact(second)).not.toBeNull();
    expect(await contact(second)).not.toBeNull();
    expect(await contact(first)).toBeNull();
    await release();
    await world.store.transaction(async () => {});
    const { credential } = await world.fleet.devices.get('one');
    expect(credential?.previousSecretHash).toBeNull();
    expect(await contact(first)).toBeNull();
    expect(await contact(second)).not.toBeNull();
  });

  it('keeps that secret when another one was made meanwhile', async () => {
    const release = keepBusy();
    const rotating = world.fleet.devices.rotateSecret(OPERATOR, 'one');
    expect(await contact(second)).not.toBeNull();
    await release();
    const { secret: third } = await rotating;
    expect(await contact(second)).not.toBeNull();
    expect(await contact(first)).toBeNull();
    expect(await contact(third)).not.toBeNull();
    await world.store.transaction(async () => {});
    expect(await contact(second)).toBeNull();
  });
});
