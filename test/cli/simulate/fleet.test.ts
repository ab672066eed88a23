import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCrashes, parseShare, parseSleep } from '../../../src/cli/simulate/fleet/shares.ts';
import { FleetTally } from '../../../src/cli/simulate/fleet/tally.ts';
import { lineView, screenView } from '../../../src/cli/simulate/fleet/view.ts';
import type { CliContext } from '../../../src/cli/index.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { type FaceHost, startFaceHost } from '../../support/face-host.ts';
import { startOtakit } from '../../support/running-cli.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

async function tokenFile(folder: string): Promise<string> {
  const path = join(folder, 'token');
  await writeFile(path, 'otk_provisioner\n');
  return path;
}

/** The arguments of a fleet that registers itself at the host. */
async function fleetArgs(host: FaceHost, folder: string, ...more: string[]) {
  const token = await tokenFile(folder);
  const state = join(folder, 'fleet.json');
  const words = `simulate fleet --server ${host.url} --devices 5 --speed 1000 --json`;
  return [...words.split(' '), '--provision-with', token, '--state', state, ...more];
}

describe('otakit simulate fleet', () => {
  it('registers devices that update at once when they are told to, and goes on with them', async () => {
    await using host = await startFaceHost();
    const folder = await temporaryFolder();
    const args = await fleetArgs(host, folder);
    const bytes = await buildTestApp({ descriptor: { version: '1.1.0' } });
    await using first = startOtakit(args);
    for (let booted = 0; booted < 5; booted += 1) {
      expect(await first.nextEvent('booted')).toMatchObject({ version: '0.0.0', updated: false });
    }
    const ids = ['sim-0001', 'sim-0002', 'sim-0003', 'sim-0004', 'sim-0005'];
    for (const id of ids) host.gate.assign(id, { version: '1.1.0', bytes });
    for (const _ of ids) {
      expect(await first.nextEvent('booted')).toMatchObject({ version: '1.1.0', updated: true });
    }
    // A device that is switched off before it has reported its boot falls back, as a real one does.
    for (const id of ids) host.gate.command(id, `cmd_${id}`, 'dance');
    for (const _ of ids) expect(await first.nextEvent('command')).toMatchObject({ done: false });
    expect(await first.stop()).toBe(130);
    expect(await first.nextEvent('summary')).toMatchObject({
      devices: 5,
      versions: { '1.1.0': 5 },
      updated: 5,
      failed: 0,
    });
    await using second = startOtakit(args);
    expect(await second.nextEvent('booted')).toMatchObject({ version: '1.1.0', updated: false });
    expect(host.bugs).toEqual([]);
  });

  it('ends by itself with --for', async () => {
    await using host = await startFaceHost();
    const args = await fleetArgs(host, await temporaryFolder(), '--for', '1ms');
    expect((await otakit(args)).exitCode).toBe(0);
  });

  it('says when the provisioning token is refused', async () => {
    await using host = await startFaceHost();
    const folder = await temporaryFolder();
    const args = await fleetArgs(host, folder);
    await writeFile(join(folder, 'token'), 'otk_nobody');
    const { exitCode, stderr } = await otakit(args);
    expect(exitCode).toBe(5);
    expect(stderr).toContain('server/unauthorized');
  });

  it.each([
    ['--devices', '0'],
    ['--devices', 'x'],
    ['--connections', '1e9'],
    ['--speed', '0'],
    ['--fail', '101%'],
    ['--fail', 'some'],
    ['--sleep', '5%:now'],
    ['--crash', '1.0.0=x'],
    ['--for', 'ever'],
    ['--cohort', 'production'],
  ])('refuses %s %s', async (option, value) => {
    await using host = await startFaceHost();
    const args = await fleetArgs(host, await temporaryFolder(), option, value);
    const { exitCode, stderr } = await otakit(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('cli/usage');
  });

  it('refuses a key that is none, and --provision-with without --server', async () => {
    await using host = await startFaceHost();
    const folder = await temporaryFolder();
    const args = await fleetArgs(host, folder, '--public-key', join(folder, 'token'));
    expect((await otakit(args)).exitCode).toBe(2);
    const lost = ['simulate', 'fleet', '--provision-with', join(folder, 'token')];
    expect((await otakit(lost)).exitCode).toBe(2);
  });
});

describe('shares', () => {
  it('are percentages, with what belongs to them', () => {
    expect(parseShare('--fail', '3%')).toBe(0.03);
    expect(parseShare('--fail', '0.5')).toBe(0.005);
    expect(parseSleep('20%:2h')).toEqual({ share: 0.2, sleepMs: 7_200_000 });
    expect(parseSleep('1%')).toEqual({ share: 0.01, sleepMs: 3_600_000 });
    expect(() => parseCrashes(['=40%'])).toThrow('names no version');
    expect(parseCrashes(['1.0.0', '2.0.0=40%'])).toEqual(
      new Map([
        ['1.0.0', 1],
        ['2.0.0', 0.4],
      ]),
    );
  });
});

describe('what is shown of a virtual fleet', () => {
  function shown(isTTY: boolean) {
    let text = '';
    const stream = { write: (more: string) => (text += more), isTTY, columns: 60 };
    const context = { stdout: stream, stderr: stream } as unknown as CliContext;
    const tally = new FleetTally(
      new Map([
        ['a', '1.0.0'],
        ['b', '1.0.0'],
      ]),
    );
    const view = (isTTY ? screenView : lineView)(context, tally);
    const tell = (event: Parameters<FleetTally['add']>[0]) => {
      tally.add(event);
      view.event(event);
    };
    tell({ kind: 'state', deviceId: 'a', state: 'downloading' });
    tell({ kind: 'offered', deviceId: 'a', packageId: 'main', version: '1.1.0' });
    tell({ kind: 'resumed', deviceId: 'a', fromByte: 1000, totalBytes: 2000 });
    tell({ kind: 'booted', deviceId: 'a', version: '1.1.0', updated: true });
    tell({ kind: 'failed', deviceId: 'b', version: '1.1.0', reason: 'checksum\u001b[31m' });
    tell({ kind: 'rolled-back', deviceId: 'b', version: '1.1.0', reason: 'crashed' });
    tell({ kind: 'command', deviceId: 'b', name: 'reboot', done: true });
    tell({ kind: 'trouble', deviceId: 'b', message: 'connect ECONNREFUSED' });
    view.refresh();
    view.refresh();
    view.end();
    return text;
  }

  it('is a line for each thing in a pipe, and the summary at the end', () => {
    const text = shown(false);
    expect(text).toContain('a resumes its download at byte 1,000\n');
    expect(text).toContain('b rolled back from 1.1.0: crashed\n');
    expect(text).toContain('2 devices: downloading 1 · off 1\n');
    expect(text).toContain('updates 1 · failed 1 · rolled back 1 · resumed 1 · commands 1\n');
    expect(text).not.toContain('\u001b');
  });

  it('is one screen on a terminal, drawn anew in place', () => {
    const text = shown(true);
    expect(text).toContain('██');
    expect(text).toContain('A\u001b[J');
    expect(text).not.toContain('\u001b[31m');
  });
});
