import { describe, expect, it } from 'vitest';
import {
  type Board,
  createDeviceHttp,
  DeviceClient,
  type DeviceMemory,
  factoryState,
  FAULTLESS,
  type FleetBehaviour,
  FleetDevice,
  readTrustedKey,
  type VirtualDeviceEvent,
} from '../../../src/simulator/index.ts';
import {
  generateSigningKey,
  manifestOf,
  readPrivateKey,
  signManifest,
} from '../../../src/fleet/index.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { startFaceHost } from '../../support/face-host.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import type { SmallArtifact } from '../../support/small-gate.ts';

const BOARD: Board = {
  chip: 'esp32',
  blueprintId: 'sensor-v2',
  chipId: 0,
  slotBytes: 1024 * 1024,
  trustedKeys: null,
  installMs: 3000,
  rebootMs: 5000,
};
const FACTORY = { version: '1.0.0', sha256: '', elfSha256: null, secureVersion: 0 };

interface Setting {
  readonly board?: Partial<Board>;
  readonly behaviour?: Partial<FleetBehaviour>;
  readonly memory?: Partial<DeviceMemory>;
}

/** One device in front of the real faces, with all waiting skipped. */
async function bench({ board, behaviour, memory }: Setting = {}) {
  const host = await startFaceHost();
  host.gate.add('one', 'otd_one');
  const http = createDeviceHttp(host.url, 4);
  const clock = new ManualClock(() => true);
  const events: VirtualDeviceEvent[] = [];
  let kept: DeviceMemory = {
    deviceId: 'one',
    secret: 'otd_one',
    main: factoryState(FACTORY),
    others: {},
    secureVersion: 0,
    bootCount: 0,
    ...memory,
  };
  const switchOn = () =>
    new FleetDevice({
      memory: kept,
      client: new DeviceClient(http, kept),
      board: { ...BOARD, ...board },
      behaviour: { ...FAULTLESS, ...behaviour },
      clock,
      speed: 1,
      onEvent: (event) => events.push(event),
      onMemory: (changed) => {
        kept = changed;
      },
      takeListeningPlace: () => null,
    });
  const { signal } = new AbortController();
  const device = switchOn();
  return {
    gate: host.gate,
    clock,
    device,
    events,
    kept: () => kept,
    turn: () => device.turn(signal),
    switchOn,
    said: () =>
      host.gate.progressed.map(({ state, error }) =>
        error === null ? state : `${state}: ${error}`,
      ),
    booted: () => host.gate.boots.map(({ version }) => version),
    [Symbol.asyncDispose]: async () => {
      http[Symbol.dispose]();
      expect(host.bugs).toEqual([]);
      await host[Symbol.asyncDispose]();
    },
  };
}

const app = (version: string, secureVersion = 0) =>
  buildTestApp({ descriptor: { version, secureVersion }, codeBytes: 100_000 });

describe('a virtual device', () => {
  it('reports its boot, takes the update into the other slot, and reports the new one', async () => {
    await using one = await bench();
    one.gate.assign('one', { version: '1.1.0', bytes: await app('1.1.0') });
    one.gate.pollAfterMs = 42_000;
    expect(await one.turn()).toBe(42_000);
    expect(one.booted()).toEqual(['1.0.0', '1.1.0']);
    expect(one.said()).toEqual([
      'downloading',
      // The server's own note of the download.
      'downloading',
      'verifying',
      'installing',
      'rebooting',
    ]);
    expect(one.clock.slept).toEqual([3000, 5000]);
    expect(one.kept().main).toMatchObject({
      slots: [{ version: '1.0.0' }, { version: '1.1.0' }],
      selected: 1,
      trial: 'valid',
    });
    const states = one.events.flatMap((event) => (event.kind === 'state' ? [event.state] : []));
    expect(states).toEqual([
      'idle',
      'checking',
      'downloading',
      'verifying',
      'installing',
      'rebooting',
      'idle',
    ]);
    await one.turn();
    expect(one.booted()).toEqual(['1.0.0', '1.1.0']);
  });

  it('proves by the ELF hash what it runs', async () => {
    await using one = await bench();
    const bytes = await buildTestApp({ descriptor: { appElfSha256: new Uint8Array(32).fill(5) } });
    one.gate.assign('one', { version: '2', bytes });
    await one.turn();
    expect(one.gate.boots.at(-1)).toMatchObject({
      version: '2',
      appElfSha256: '05'.repeat(32),
      secureVersion: 0,
    });
  });

  it('fetches in chunks where that is its habit', async () => {
    await using one = await bench({ behaviour: { chunkShare: 1 } });
    one.gate.assign('one', { version: '1.1.0', bytes: await app('1.1.0') });
    await one.turn();
    expect(one.booted()).toEqual(['1.0.0', '1.1.0']);
    expect(one.said().filter((state) => state === 'downloading')).toHaveLength(1);
  });

  it('goes on after a cut where it was', async () => {
    await using one = await bench({ behaviour: { dropShare: 1 } });
    one.gate.assign('one', { version: '1.1.0', bytes: await app('1.1.0') });
    await one.turn();
    expect(one.events).toContainEqual(expect.objectContaining({ kind: 'resumed' }));
    expect(one.booted()).toEqual(['1.0.0', '1.1.0']);
  });

  it.each([
    ['is for another chip', { board: { chipId: 5 } }, /an image for chip 0 on a board with chip 5/],
    ['is too large for its slot', { board: { slotBytes: 4096 } }, /do not fit into a slot of 4096/],
    ['is below its eFuses', { memory: { secureVersion: 3 } }, /secure version 0 is below the 3/],
    [
      'arrives damaged',
      { behaviour: { failShare: 1, seed: 'damaged-1' } },
      /checksum mismatch|flash write failed/,
    ],
  ] as const)('refuses an image that %s, and says why', async (_, setting, why) => {
    await using one = await bench(setting);
    one.gate.assign('one', { version: '1.1.0', bytes: await app('1.1.0') });
    await one.turn();
    expect(one.said().at(-1)).toMatch(why);
    expect(one.said().at(-1)).toMatch(/^failed: /);
    expect(one.booted()).toEqual(['1.0.0']);
    expect(one.device.state).toBe('idle');
  });

  it('refuses what is no image at all, but carries it as another package', async () => {
    await using one = await bench();
    const bytes = new Uint8Array(5000).fill(1);
    one.gate.assign('one', { packageId: 'modem', version: '7', bytes }, { version: '2', bytes });
    await one.turn();
    expect(one.said().at(-1)).toMatch(/the bytes are no app image/);
    expect(one.gate.boots.map(({ packageId, version }) => `${packageId}=${version}`)).toEqual([
      'main=1.0.0',
      'main=1.0.0',
      'modem=7',
    ]);
  });

  it.each(['ed25519', 'ecdsa-p256'] as const)(
    'takes what its key signed, and nothing else (%s)',
    async (algorithm) => {
      const [own, other] = [generateSigningKey(algorithm), generateSigningKey(algorithm)];
      const bytes = await app('1.1.0');
      const signedBy = (privateKey: string, board: string) => (artifact: SmallArtifact) =>
        signManifest(
          manifestOf({ ...artifact, blueprintIds: [board] }, 1),
          readPrivateKey(privateKey),
        );
      await using one = await bench({ board: { trustedKeys: [readTrustedKey(own.publicKey)] } });
      const offers = [
        undefined,
        signedBy(other.privateKey, 'sensor-v2'),
        signedBy(own.privateKey, 'gateway'),
        signedBy(own.privateKey, 'sensor-v2'),
      ];
      for (const sign of offers) {
        const update = { version: '1.1.0', bytes, ...(sign !== undefined && { sign }) };
        one.gate.assign('one', update);
        await one.turn();
      }
      expect(one.said().filter((word) => word.startsWith('failed'))).toEqual([
        'failed: the image is not signed',
        'failed: no signature holds under a key of this device',
        // The manifest that the server names is that of its own artifact, which nobody signed.
        'failed: no signature holds under a key of this device',
      ]);
      expect(one.booted()).toEqual(['1.0.0', '1.1.0']);
    },
  );

  it('falls back from a version that crashes, and says so after the boot', async () => {
    await using one = await bench({ behaviour: { crashes: new Map([['1.1.0', 1]]) } });
    one.gate.assign('one', { version: '1.1.0', bytes: await app('1.1.0') });
    await one.turn();
    expect(one.booted()).toEqual(['1.0.0', '1.0.0']);
    expect(one.said().at(-1)).toBe('rolled-back: version 1.1.0 crashed before it was confirmed');
    expect(one.events).toContainEqual(
      expect.objectContaining({ kind: 'rolled-back', version: '1.1.0' }),
    );
  });

  it('tells a lie where it shall: the update is said to be done, and the old image boots', async () => {
    await using one = await bench({ behaviour: { bootOldShare: 1 } });
    one.gate.assign('one', { version: '1.1.0', bytes: await app('1.1.0') });
    await one.turn();
    expect(one.said().slice(-2)).toEqual([
      'rebooting',
      'rolled-back: the bootloader went on with the old slot',
    ]);
    expect(one.booted()).toEqual(['1.0.0', '1.0.0']);
  });

  it('obeys commands', async () => {
    await using one = await bench();
    one.gate.assign('one', { version: '1.1.0', bytes: await app('1.1.0') });
    await one.turn();
    const stop = new AbortController();
    const life = one.switchOn().run(stop.signal);
    for (const [id, name] of [
      ['cmd_1', 'reboot'],
      ['cmd_2', 'ota_rollback'],
      ['cmd_3', 'dance'],
    ] as const) {
      one.gate.assign('one');
      one.gate.command('one', id, name);
      while (!one.gate.acknowledged.some(({ commandId }) => commandId === id)) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    stop.abort(new Error('enough'));
    await expect(life).rejects.toThrow('enough');
    expect(one.gate.acknowledged).toEqual([
      { commandId: 'cmd_1', succeeded: true },
      { commandId: 'cmd_2', succeeded: true, result: { version: '1.0.0' } },
      { commandId: 'cmd_3', succeeded: false, result: { error: 'unknown command "dance"' } },
    ]);
    expect(one.booted().at(-1)).toBe('1.0.0');
  });

  it('waits longer and longer for a server that is away, and long for one that refuses it', async () => {
    await using one = await bench();
    one.gate.disable('one');
    expect(await one.turn()).toBe(300_000);
    expect(one.device.state).toBe('refused');
    using http = createDeviceHttp('http://127.0.0.1:1', 1);
    const lost = new FleetDevice({
      memory: one.kept(),
      client: new DeviceClient(http, one.kept()),
      board: BOARD,
      behaviour: FAULTLESS,
      clock: one.clock,
      speed: 1,
      onEvent: () => {},
      onMemory: () => {},
      takeListeningPlace: () => null,
    });
    const { signal } = new AbortController();
    expect([await lost.turn(signal), await lost.turn(signal)]).toEqual([5000, 10_000]);
  });
});
