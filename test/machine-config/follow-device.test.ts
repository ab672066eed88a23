import { describe, expect, it, onTestFinished } from 'vitest';
import { buildAppImage } from '../../src/app-image/index.ts';
import type { ChipName } from '../../src/chips/index.ts';
import {
  DeviceLog,
  type DeviceStep,
  followPart,
  type JsonObject,
  ViamCloud,
} from '../../src/machine-config/index.ts';
import { DeviceConnection, VirtualViamCloud } from '../../src/simulator/index.ts';
import { buildTestApp, mergeAt } from '../support/build-image.ts';
import { respondWith, serveHttp2 } from '../support/http2-server.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { createTestDevice, machineConfig, ota } from '../support/micro-rdk.ts';

/** What the device's own checks let pass and its bootloader does not: a bootloader for the ESP32-C3. */
const NEVER_BOOTS = mergeAt({
  0: await buildAppImage({
    chip: 'esp32c3',
    entryPoint: 0x403ce710,
    segments: [
      { loadAddress: 0x3fcd5830, data: Uint8Array.of(0x50, ...new Uint8Array(299)) },
      { loadAddress: 0x403ce710, data: new Uint8Array(64) },
    ],
  }),
});

/** A virtual device in a virtual cloud, and what there is to follow it by. */
async function provisioned(chip: ChipName) {
  const cloud = await VirtualViamCloud.create();
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const part = cloud.addPart({ config: {} });
  const key = cloud.addApiKey();
  const { url } = await cloud.listen();
  const identity = { appAddress: url, id: part.id, secret: part.secret };
  const connection = await DeviceConnection.create(identity);
  onTestFinished(() => connection[Symbol.dispose]());
  const device = await createTestDevice({ cloud: connection, chip });
  const { signal } = new AbortController();
  const viam = new ViamCloud({
    host: url,
    credentials: { type: 'api-key', authEntity: key.id, payload: key.key },
  });
  /** Lets the device take an image; `own` is what a build that runs then logs itself. */
  const updateTo = async (image: Uint8Array, version: string, own?: string) => {
    await using server = await serveHttp2(respondWith(image));
    cloud.edit(part.id, () => machineConfig(ota(`${server.origin}/a.bin`, version)) as JsonObject);
    // Entries of a log are told apart by their time, too.
    await device.clock.advance(1000);
    await device.device.poll(signal);
    await device.device.poll(signal);
    await connection.upload(signal);
    const last = device.events.findLast((event) => event.kind === 'rebooted');
    if (own !== undefined && last?.fellBack === false) cloud.log(part.id, 'info', own);
  };
  const follow = async (version: string, update: () => Promise<void>, expectedLine?: string) => {
    const marked = await followPart(viam, part.id);
    await update();
    const steps: DeviceStep[] = [];
    const verdict = await marked.follow(version, {
      clock: new ManualClock(() => true),
      silenceMs: 300_000,
      signal,
      ...(expectedLine !== undefined && { expect: expectedLine }),
      onStep: (step) => steps.push(step),
    });
    return { verdict, kinds: steps.map(({ kind }) => kind) };
  };
  return { ...device, updateTo, follow };
}

describe('what the log of a part shows of a virtual device', () => {
  it('that it took the tag and restarted, and no slot', async () => {
    const { updateTo, follow, log } = await provisioned('esp32');
    const image = await buildTestApp();
    const { verdict, kinds } = await follow('v2', () => updateTo(image, 'v2'));
    expect(verdict).toEqual({ outcome: 'rebooted' });
    expect(kinds).toEqual(expect.arrayContaining(['stored', 'rebooting', 'booted']));
    // Its console shows more.
    const console = new DeviceLog('v2');
    for (const line of log) console.read(line);
    expect(console.verdict).toEqual({ outcome: 'updated', flashOffset: 0x30000 });
  });

  it('that the new build runs, where that says so itself', async () => {
    const { updateTo, follow } = await provisioned('esp32');
    const image = await buildTestApp();
    const update = () => updateTo(image, 'v2', 'app 2.0.0 is up');
    expect((await follow('v2', update, 'app 2.0.0')).verdict).toEqual({
      outcome: 'updated',
      flashOffset: null,
    });
  });

  it('of a device that fell back: nothing, but for a line that stays away', async () => {
    const { updateTo, follow, log } = await provisioned('esp32c3');
    const update = () => updateTo(NEVER_BOOTS, 'v2', 'app 2.0.0 is up');
    expect((await follow('v2', update, 'app 2.0.0')).verdict).toEqual({
      outcome: 'unconfirmed',
      expected: 'app 2.0.0',
    });
    const console = new DeviceLog('v2');
    for (const line of log) console.read(line);
    expect(console.verdict).toEqual({
      outcome: 'fell-back',
      expectedOffset: 0x30000,
      actualOffset: 0x10000,
    });
  });

  it('of a device that fell back: with the next update, that the same slot is written', async () => {
    const { updateTo, follow } = await provisioned('esp32c3');
    expect((await follow('v2', () => updateTo(NEVER_BOOTS, 'v2'))).verdict).toEqual({
      outcome: 'rebooted',
    });
    const image = await buildTestApp({ chip: 'esp32c3' });
    const again = await follow('v3', () => updateTo(image, 'v3'));
    expect(again.kinds).toContain('earlier-fell-back');
    const later = await follow('v4', () => updateTo(image, 'v4'));
    expect(later.kinds).not.toContain('earlier-fell-back');
  });
});
