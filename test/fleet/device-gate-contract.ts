import { describe, expect, it } from 'vitest';
import type { AccessToken, DeviceGate } from '../../src/fleet/index.ts';

/** A gate with what people do to the fleet behind it. */
export interface GateWorld extends AsyncDisposable {
  readonly gate: DeviceGate;
  /** Adds a device; its secret. */
  add(deviceId: string): Promise<string>;
  disable(deviceId: string): Promise<void>;
  /** Says what a device should run of the package `main`. */
  assign(deviceId: string, version: string, bytes: Uint8Array): Promise<void>;
  /** Queues a command; its id. */
  command(deviceId: string, name: string): Promise<string>;
}

const PROVISIONER: AccessToken = {
  tokenId: 'tok_line',
  name: 'line 1',
  role: 'provisioner',
  provisions: { blueprintId: null, cohortId: null },
  secretHash: '',
  createdAtMs: 0,
  expiresAtMs: null,
  revokedAtMs: null,
  lastUsedAtMs: null,
};
const BYTES = new Uint8Array(5000).map((_, at) => at);

/** What the faces of the server, and virtual devices, rely on, whatever gate is behind them. */
export function describeDeviceGate(name: string, open: () => Promise<GateWorld>): void {
  describe(`${name}, as a gate for devices`, () => {
    const contactOf = async ({ gate }: GateWorld, deviceId: string) => {
      const contact = await gate.identify(deviceId);
      if (contact === null) throw new Error(`there is no device ${deviceId}`);
      return contact;
    };
    const boots = async (world: GateWorld, version: string, sinceBoot = true) =>
      world.gate.booted(await contactOf(world, 'one'), {
        packageId: 'main',
        version,
        imageHash: null,
        appElfSha256: null,
        secureVersion: null,
        sinceBoot,
      });

    it('lets in a device with its own secret, while it is enabled', async () => {
      await using world = await open();
      const { gate } = world;
      const [one, two] = [await world.add('one'), await world.add('two')];
      expect(await gate.authenticate('one', one)).toMatchObject({ device: { deviceId: 'one' } });
      expect(await gate.authenticate('one', two)).toBeNull();
      expect(await gate.authenticate('three', one)).toBeNull();
      expect(await gate.identify('three')).toBeNull();
      await world.disable('one');
      expect(await gate.authenticate('one', one)).toBeNull();
      expect(await gate.identify('one')).toBeNull();
    });

    it('registers a device once, with a secret that lets it in', async () => {
      await using world = await open();
      const { gate } = world;
      const made = await gate.register(PROVISIONER, { deviceId: 'new' });
      expect(made.device).toMatchObject({ deviceId: 'new', enabled: true });
      expect(await gate.authenticate('new', made.secret)).not.toBeNull();
      await expect(gate.register(PROVISIONER, { deviceId: 'new' })).rejects.toMatchObject({
        code: 'fleet/exists',
      });
    });

    it('has nothing for a device that nobody said anything of', async () => {
      await using world = await open();
      await world.add('one');
      const contact = await contactOf(world, 'one');
      const assignment = await world.gate.assignment(contact);
      expect(assignment).toMatchObject({ deploymentId: null, packages: [] });
      expect(assignment.pollAfterMs).toBeGreaterThan(0);
      await expect(world.gate.openAssigned(contact, 'main')).rejects.toMatchObject({
        code: 'fleet/not-assigned',
      });
    });

    it('offers what a device should run with its bytes, until it runs it', async () => {
      await using world = await open();
      await world.add('one');
      await world.assign('one', '2.0.0', BYTES);
      const { gate } = world;
      const contact = await contactOf(world, 'one');
      const [offer, ...others] = (await gate.assignment(contact)).packages;
      expect(others).toEqual([]);
      expect(offer).toMatchObject({
        kind: 'update',
        packageId: 'main',
        version: '2.0.0',
        sizeBytes: BYTES.length,
      });
      if (offer?.kind !== 'update') throw new Error('there is no offer');
      await using bytes = await gate.openAssigned(contact, 'main', offer.artifactId);
      expect(bytes).toMatchObject({
        sizeBytes: BYTES.length,
        sha256: offer.sha256,
        md5: offer.md5,
      });
      expect(await bytes.slice(10, 20)).toEqual(BYTES.subarray(10, 20));
      for (const [packageId, artifactId] of [['modem'], ['main', 'art_other']] as const) {
        await expect(gate.openAssigned(contact, packageId, artifactId)).rejects.toMatchObject({
          code: 'fleet/not-assigned',
        });
      }
      await boots(world, '1.0.0');
      expect((await gate.assignment(await contactOf(world, 'one'))).packages).toMatchObject([
        { kind: 'update' },
      ]);
      await boots(world, '2.0.0');
      const after = await contactOf(world, 'one');
      expect((await gate.assignment(after)).packages).toEqual([
        { kind: 'up-to-date', packageId: 'main', version: '2.0.0' },
      ]);
      await expect(gate.openAssigned(after, 'main')).rejects.toMatchObject({
        code: 'fleet/not-assigned',
      });
    });

    it('knows what was booted from what was only said', async () => {
      await using world = await open();
      await world.add('one');
      const reported = async () => (await contactOf(world, 'one')).device.reported['main'];
      await boots(world, '1.0.0', false);
      expect(await reported()).toMatchObject({ version: '1.0.0', bootedAtMs: null });
      await boots(world, '1.0.0');
      const booted = await reported();
      expect(booted?.bootedAtMs).not.toBeNull();
      await boots(world, '1.0.0', false);
      expect((await reported())?.bootedAtMs).toBe(booted?.bootedAtMs);
      await boots(world, '2.0.0', false);
      expect(await reported()).toMatchObject({ version: '2.0.0', bootedAtMs: null });
    });

    it('hands out a command once at a time, and takes its answer', async () => {
      await using world = await open();
      await world.add('one');
      await world.add('two');
      const { gate } = world;
      const commandId = await world.command('one', 'reboot');
      const [one, two] = [await contactOf(world, 'one'), await contactOf(world, 'two')];
      expect(await gate.commands(two)).toEqual([]);
      expect(await gate.commands(one)).toMatchObject([
        { commandId, deviceId: 'one', name: 'reboot', state: 'delivered', deliveries: 1 },
      ]);
      expect(await gate.commands(one)).toEqual([]);
      const outcome = { succeeded: true, result: { after: 3 } };
      for (const [who, id] of [
        [two, commandId],
        [one, 'cmd_none'],
      ] as const) {
        await expect(gate.acknowledge(who, id, outcome)).rejects.toMatchObject({
          code: 'fleet/not-found',
        });
      }
      await gate.acknowledge(one, commandId, outcome);
    });

    it('tells of news for a device until nobody listens', async () => {
      await using world = await open();
      await world.add('one');
      await world.add('two');
      const heard: string[] = [];
      const stop = world.gate.onNews('one', () => heard.push('one'));
      world.gate.onNews('two', () => heard.push('two'));
      await world.assign('one', '2.0.0', BYTES);
      await world.command('one', 'reboot');
      expect(heard).toEqual(['one', 'one']);
      stop();
      await world.command('one', 'reboot');
      expect(heard).toHaveLength(2);
    });
  });
}
