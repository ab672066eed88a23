import { describe, expect, it } from 'vitest';
import {
  DeviceLog,
  type DeviceStep,
  followPart,
  partTarget,
  ViamCloud,
} from '../../src/machine-config/index.ts';
import { VirtualViamCloud } from '../../src/simulator/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

const BEGIN = [
  'OTA connection attempt 1: `http://10.0.0.5:1/a.bin?t=x` ',
  'ota connected, beginning download',
  'verifying new ota firmware',
  'writing new firmware to address `0x400000`',
  'updating next OTA partition at 0x400000: 16384/1000000 bytes written',
  'firmware download complete: 1000000 bytes',
];
const STORED = [
  'firmware update successful: version `v2`',
  'next reboot will load firmware from `0x400000`',
  'rebooting from config monitor...',
];
const booted = (offset: string) => [
  `Loaded app from partition at offset ${offset}`,
  'OTA firmware version: v2',
];

function readAll(lines: readonly string[]) {
  const log = new DeviceLog('v2');
  const steps = lines.map((line) => log.read(line)).filter((step) => step !== null);
  return { steps, verdict: log.verdict, failure: log.failure };
}

describe('DeviceLog', () => {
  it('does not count late failures of the build before', () => {
    const log = new DeviceLog('v2', { url: 'http://10.0.0.5:1/b.bin?t=y#z' });
    const failed = 'failed to complete ota update: ESP_ERR_OTA_VALIDATE_FAILED';
    const other = 'OTA connection attempt 1: `http://10.0.0.5:1/a.bin?t=x`';
    const own = 'OTA connection attempt 1: `http://10.0.0.5:1/b.bin?t=y`';
    for (const line of [failed, other, failed, other, failed]) log.read(line);
    expect(log).toMatchObject({ verdict: null, failure: null });
    // A redirect leads elsewhere and still is part of the update.
    const moved = 'OTA connection attempt 2: `http://10.0.0.9:1/c.bin`';
    for (const line of [own, moved, failed]) log.read(line);
    expect(log).toMatchObject({ verdict: null, failure: failed });
    for (const line of [own, failed]) log.read(line);
    expect(log.verdict).toEqual({ outcome: 'refused', message: failed });
  });

  it('reads a whole update', () => {
    const { steps, verdict } = readAll([...BEGIN, ...STORED, ...booted('0x400000')]);
    expect(steps).toEqual([
      { kind: 'connecting', attempt: 1 },
      { kind: 'downloading' },
      { kind: 'progress', doneBytes: 16_384, totalBytes: 1_000_000 },
      { kind: 'downloaded', sizeBytes: 1_000_000 },
      { kind: 'stored', tag: 'v2' },
      { kind: 'rebooting' },
      { kind: 'booted', tag: 'v2', flashOffset: 0x400000 },
    ]);
    expect(verdict).toEqual({ outcome: 'updated', flashOffset: 0x400000 });
  });

  it('is content with the tag where the log has nothing of the bootloader', () => {
    const { verdict } = readAll([...BEGIN, ...STORED, 'OTA firmware version: v2']);
    expect(verdict).toEqual({ outcome: 'rebooted' });
  });

  it('takes a line of the new build for its proof, and only after the restart', () => {
    const log = new DeviceLog('2.0.0-abc', { expect: '2.0.0' });
    for (const line of [...BEGIN, 'app 2.0.0', STORED[0]?.replace('v2', '2.0.0-abc') ?? '']) {
      log.read(line);
    }
    for (const line of STORED.slice(1)) log.read(line);
    expect(log.read('OTA firmware version: 2.0.0-abc')).toMatchObject({ kind: 'booted' });
    expect(log).toMatchObject({ verdict: null, missing: '2.0.0' });
    expect(log.read('app 2.0.0 is up')).toEqual({ kind: 'confirmed', line: 'app 2.0.0 is up' });
    expect(log.verdict).toEqual({ outcome: 'updated', flashOffset: null });
  });

  it('takes that line before the tag too, and the slot over both', () => {
    const early = new DeviceLog('v2', { expect: 'app 2' });
    const late = new DeviceLog('v2', { expect: 'app 2' });
    for (const line of [...STORED, 'app 2', 'OTA firmware version: v2']) early.read(line);
    expect(early.verdict).toEqual({ outcome: 'updated', flashOffset: null });
    for (const line of [...STORED, 'app 2', ...booted('0x20000')]) late.read(line);
    expect(late.verdict).toMatchObject({ outcome: 'fell-back' });
  });

  it('notices that the slot of the update before is written again, once', () => {
    const log = new DeviceLog('v2', { earlierOffset: 0x400000 });
    const steps = [...BEGIN, ...BEGIN].map((line) => log.read(line)?.kind);
    expect(steps.filter((kind) => kind === 'earlier-fell-back')).toHaveLength(1);
    const other = new DeviceLog('v2', { earlierOffset: 0x20000 });
    expect(BEGIN.map((line) => other.read(line)?.kind)).not.toContain('earlier-fell-back');
  });

  it('tells when the bootloader went back to the old slot', () => {
    const { verdict } = readAll([...BEGIN, ...STORED, ...booted('0x20000')]);
    expect(verdict).toEqual({
      outcome: 'fell-back',
      expectedOffset: 0x400000,
      actualOffset: 0x20000,
    });
  });

  it('goes on after one failure, and takes the second for an answer', () => {
    const failed = 'failed to complete ota update: Bad Request - Status: 403';
    expect(readAll([failed])).toMatchObject({ verdict: null, failure: failed });
    expect(readAll([failed, ...BEGIN, ...STORED])).toMatchObject({ verdict: null, failure: null });
    expect(readAll([failed, ...BEGIN.slice(0, 1), failed]).verdict).toEqual({
      outcome: 'refused',
      message: failed,
    });
  });

  it('knows that a config failure is final', () => {
    const failed = 'failed to create ota service from config: version X has length 129';
    expect(readAll([failed]).verdict).toEqual({ outcome: 'refused', message: failed });
  });

  it('does not take a boot with another tag for the update', () => {
    expect(readAll(['OTA firmware version: v1', 'unrelated']).verdict).toBeNull();
  });
});

async function following() {
  const virtual = await VirtualViamCloud.create();
  const { id, key } = virtual.addApiKey();
  const part = virtual.addPart({ config: {} });
  const { url } = await virtual.listen();
  const credentials = { type: 'api-key', authEntity: id, payload: key } as const;
  const cloud = new ViamCloud({ host: url, credentials });
  const clock = new ManualClock();
  const steps: DeviceStep[] = [];
  const follow = async (silenceMs = 60_000) => {
    const marked = await followPart(cloud, part.id);
    const { signal } = new AbortController();
    return {
      verdict: marked.follow('v2', {
        clock,
        silenceMs,
        signal,
        onStep: (step) => void steps.push(step),
      }),
    };
  };
  const log = (lines: readonly string[]) => {
    for (const line of lines) virtual.log(part.id, 'info', line);
  };
  return {
    virtual,
    cloud,
    clock,
    part,
    steps,
    follow,
    log,
    [Symbol.asyncDispose]: () => virtual[Symbol.asyncDispose](),
  };
}

describe('followPart', () => {
  it('reads only what comes after the mark, over several pages, in order', async () => {
    await using device = await following();
    device.log([...BEGIN, ...STORED, ...booted('0x20000')]);
    const { verdict } = await device.follow();
    const progress = Array.from(
      { length: 250 },
      (_, index) => `updating next OTA partition at 0x400000: ${index + 1}/250 bytes written`,
    );
    device.log([...BEGIN.slice(0, 4), ...progress, ...STORED, ...booted('0x400000')]);
    expect(await verdict).toEqual({ outcome: 'updated', flashOffset: 0x400000 });
    const done = device.steps.flatMap((step) => (step.kind === 'progress' ? [step.doneBytes] : []));
    expect(done).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
  });

  it('calls a device silent when nothing comes for long enough', async () => {
    await using device = await following();
    const { verdict } = await device.follow(60_000);
    expect(await advanced(device.clock, verdict)).toMatchObject({ outcome: 'silent' });
  });

  it('takes a failure with nothing after it for the answer', async () => {
    await using device = await following();
    const { verdict } = await device.follow(600_000);
    const failed = 'failed to complete ota update: no space';
    device.log([failed]);
    expect(await advanced(device.clock, verdict)).toEqual({ outcome: 'refused', message: failed });
  });

  it('rides out a cloud that fails for a moment, but not one that forbids', async () => {
    await using device = await following();
    const { verdict } = await device.follow();
    device.virtual.inject({ kind: 'unavailable', method: 'GetRobotPartLogs', times: 1 });
    device.log([...BEGIN, ...STORED, ...booted('0x400000')]);
    expect(await advanced(device.clock, verdict)).toMatchObject({ outcome: 'updated' });
    device.virtual.inject({ kind: 'denied', method: 'GetRobotPartLogs' });
    await expect(device.follow()).rejects.toMatchObject({ code: 'machine-config/not-permitted' });
    expect((await partTarget(device.cloud, device.part.id).read()).text).toBe('{}\n');
  });
});

/** Lets time pass, only while somebody sleeps, until a promise is settled. */
async function advanced<Result>(clock: ManualClock, promise: Promise<Result>): Promise<Result> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([settled, clock.untilSomethingSleeps().then(() => false)]))) {
    await clock.advance(1000);
  }
  return promise;
}
