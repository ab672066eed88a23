import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildAppImage } from '../../../src/app-image/index.ts';
import { CliError } from '../../../src/cli/codes.ts';
import type { JsonObject } from '../../../src/machine-config/index.ts';
import { VirtualViamCloud } from '../../../src/simulator/index.ts';
import { buildTestApp, mergeAt } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { respondWith, serveHttp2 } from '../../support/http2-server.ts';
import { buildAppWithoutMappedCode, machineConfig, ota } from '../../support/micro-rdk.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const image = await buildTestApp({ descriptor: { version: '2.0.0' } });

/** A machine config in a file of this test's own. */
async function configWith(config: unknown): Promise<string> {
  const path = join(await temporaryFolder(), 'machine.json');
  await writeFile(path, JSON.stringify(config));
  return path;
}

/** Runs `otakit simulate micro-rdk` in this process. */
const simulate = (config: string, ...options: readonly string[]) =>
  otakit(['simulate', 'micro-rdk', '--config', config, ...options]);

function jsonLines(stdout: string): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('otakit simulate micro-rdk', () => {
  it('--once ends after an update that booted, and says which slot runs', async () => {
    await using server = await serveHttp2(respondWith(image));
    const config = await configWith(machineConfig(ota(`${server.origin}/app.bin`)));
    const { exitCode, stdout, stderr } = await simulate(config, '--once');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'device: runs ota_0, version factory, no tag stored',
      'device: updates to tag v2, into ota_1',
      `device: wrote ${image.length.toLocaleString('en-US')} bytes to ota_1`,
      'device: updated and rebooted; runs ota_1, version 2.0.0, tag v2',
      '',
    ]);
    expect(stderr).toMatch(/^I \(\d+\) boot: Loaded app from partition at offset 0x400000$/m);
    expect(stderr).toMatch(/^I \(\d+\) micro_rdk::common::ota: OTA firmware version: v2$/m);
  });

  it('--json prints one event per line, and --quiet leaves the log out', async () => {
    await using server = await serveHttp2(respondWith(image));
    const config = await configWith(machineConfig(ota(`${server.origin}/app.bin`)));
    const { stdout, stderr } = await simulate(config, '--once', '--json', '--quiet');
    const events = jsonLines(stdout);
    expect(events.map(({ event }) => event).filter((event) => event !== 'progress')).toEqual([
      'booted',
      'polled',
      'update',
      'written',
      'rebooted',
    ]);
    expect(events.at(-1)).toEqual({
      event: 'rebooted',
      reason: 'update',
      slot: 'ota_1',
      version: '2.0.0',
      tag: 'v2',
      fellBack: false,
    });
    expect(stderr).toBe('');
  });

  it('keeps a device in --state, starts it from --image, and takes its chip from there', async () => {
    const folder = await temporaryFolder();
    const first = join(folder, 'first.bin');
    const c3 = await buildTestApp({ chip: 'esp32c3', descriptor: { version: '1.5.0' } });
    await writeFile(first, c3);
    await using server = await serveHttp2(respondWith(c3));
    const config = await configWith(machineConfig(ota(`${server.origin}/app.bin`)));
    const state = join(folder, 'device');
    const run = ['--image', first, '--state', state, '--once', '--quiet'];
    const { exitCode, stdout } = await simulate(config, ...run);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('device: runs ota_0, version 1.5.0, no tag stored');
    const shown = await otakit(['otadata', 'show', join(state, 'flash.bin'), '--json']);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toContain('ota_1');
    await writeFile(config, JSON.stringify(machineConfig(ota(`${server.origin}/app.bin`, 'v3'))));
    const again = await simulate(config, ...run);
    expect(again.stdout).toContain('device: runs ota_1, version 1.5.0, tag v2');
    expect(again.stdout).toContain('runs ota_0, version 1.5.0, tag v3');
    expect(again.stderr).toContain('note: --image is for new devices');
    const fresh = await simulate(config, ...run, '--fresh');
    expect(fresh.stdout).toContain('device: runs ota_0, version 1.5.0, no tag stored');
  });

  it('--once goes on after a failure, as the device does, until --timeout', async () => {
    await using server = await serveHttp2(({ stream }) =>
      stream.respond({ ':status': 403 }, { endStream: true }),
    );
    const config = await configWith(machineConfig(ota(`${server.origin}/app.bin`)));
    const { exitCode, stdout, stderr } = await simulate(
      config,
      '--once',
      '--poll',
      '300ms',
      '--timeout',
      '5s',
    );
    expect(exitCode).toBe(5);
    const failures = stdout.match(/Bad Request - Status: 403 Forbidden/g) ?? [];
    expect(failures.length).toBeGreaterThan(1);
    expect(stderr).toContain(
      'error simulator/timed-out: the device took no update within 5.0 s; last: failed to complete ota update: Bad Request - Status: 403 Forbidden',
    );
  });

  it('says with exit 6 that the bootloader refused what was written', async () => {
    const bootloader = await buildAppImage({
      chip: 'esp32c3',
      entryPoint: 0x403ce710,
      segments: [
        { loadAddress: 0x3fcd5830, data: Uint8Array.of(0x50, ...new Uint8Array(299)) },
        { loadAddress: 0x403ce710, data: new Uint8Array(64) },
      ],
    });
    await using server = await serveHttp2(respondWith(mergeAt({ 0: bootloader, 0x9000: image })));
    const config = await configWith(machineConfig(ota(`${server.origin}/merged.bin`)));
    const { exitCode, stderr } = await simulate(config, '--once', '--chip', 'esp32-c3', '--json');
    expect(exitCode).toBe(6);
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: {
        code: 'simulator/fell-back',
        details: { slot: 'ota_0', version: 'factory', tag: 'v2' },
      },
    });
  });

  it('says with exit 6 that nothing boots any more', async () => {
    await using server = await serveHttp2(respondWith(await buildAppWithoutMappedCode()));
    const config = await configWith(machineConfig(ota(`${server.origin}/app.bin`)));
    const { exitCode, stdout, stderr } = await simulate(config);
    expect(exitCode).toBe(6);
    expect(stdout).toContain('device: boots no more: abort() was called');
    expect(stderr).toContain('error simulator/not-bootable: ');
  });

  it('notices a changed config, and ends on Ctrl-C with its device whole', async () => {
    await using server = await serveHttp2(respondWith(image));
    const config = await configWith({ services: [] });
    const state = await temporaryFolder();
    const interrupt = new AbortController();
    const running = otakit(
      ['simulate', 'micro-rdk', '--config', config, '--poll', '5ms', '--state', state],
      { signal: interrupt.signal },
    );
    await expect.poll(() => readdir(state)).toContain('device.json');
    await writeFile(config, JSON.stringify(machineConfig(ota(`${server.origin}/app.bin`))));
    await expect.poll(() => server.requests.length).toBeGreaterThan(0);
    interrupt.abort(new CliError('cli/interrupted', 'interrupted'));
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(130);
    expect(stderr).toContain(`note: ${config} has no OTA service; the device waits for one`);
    await expect(readFile(join(state, 'lock'))).rejects.toThrow('ENOENT');
  });

  it('tells about a model name that the device does not know', async () => {
    const config = await configWith(machineConfig(ota('http://127.0.0.1:1/x'), 'ota_service'));
    const { exitCode, stderr } = await simulate(config, '--once', '--timeout', '20ms');
    expect(exitCode).toBe(5);
    expect(stderr).toContain('has only the short model name "ota_service"');
  });

  it.each([
    [['--timeout', '1s'], '--timeout without --once'],
    [['--fresh'], '--fresh without --state'],
    [['--poll', 'soon'], '--poll soon is no duration'],
    [['--erase-time', '1'], '--erase-time 1 is no duration'],
    [['--chip', 'esp8266'], '--chip esp8266 is not an ESP32'],
  ])('refuses %j', async (extra, message) => {
    const config = await configWith({});
    const { exitCode, stderr } = await simulate(config, ...extra);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`error cli/usage: ${message}`);
  });

  it.each([
    ['nothing', null, 'cli/file-not-readable'],
    ['no JSON', '{"services": [}', 'machine-config/syntax'],
  ])('refuses a config that is %s', async (_, text, code) => {
    const config = join(await temporaryFolder(), 'machine.json');
    if (text !== null) await writeFile(config, text);
    const { exitCode, stderr } = await simulate(config);
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`error ${code}: `);
  });

  it('explains itself', async () => {
    const { stdout } = await otakit(['simulate', 'micro-rdk', '--help']);
    expect(stdout).toContain('otakit serve firmware-samples/images/hello-esp32-1.1.0.bin');
    expect(stdout).toContain('rdk:builtin:ota_service');
  });

  it('--cloud takes the config from where viam.json says, and sends the log there', async () => {
    await using server = await serveHttp2(respondWith(image));
    const { viamJson, cloud, partId } = await provisioned(
      machineConfig(ota(`${server.origin}/app.bin`)),
    );
    const run = ['simulate', 'micro-rdk', '--cloud', viamJson, '--once', '--quiet'];
    const { exitCode, stdout } = await otakit(run);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/updated and rebooted; runs ota_1, version 2\.0\.0, tag v2\n$/);
    expect(cloud.logs(partId).at(-1)?.message).toBe('OTA firmware version: v2');
  });

  it('--cloud with a login that is refused ends with exit 5, and leaves the file alone', async () => {
    const { viamJson } = await provisioned({}, 'wrong');
    const before = await readFile(viamJson, 'utf8');
    const { exitCode, stdout, stderr } = await otakit([
      'simulate',
      'micro-rdk',
      '--cloud',
      viamJson,
    ]);
    expect(exitCode).toBe(5);
    expect(stdout).toContain('device: erased its credentials, which the cloud refused: ');
    expect(stderr).toContain('simulator/credentials-refused');
    expect(stderr).not.toContain('wrong');
    expect(await readFile(viamJson, 'utf8')).toBe(before);
  });

  it.each([
    ['neither --config nor --cloud', []],
    ['both', ['--config', 'FILE', '--cloud', 'FILE']],
    ['a viam.json without a secret', ['--cloud', 'FILE']],
  ])('%s is a mistake', async (_what, args) => {
    const file = await configWith({ cloud: { app_address: 'http://127.0.0.1:1', id: 'x' } });
    const given = args.map((argument) => (argument === 'FILE' ? file : argument));
    const { exitCode, stderr } = await otakit(['simulate', 'micro-rdk', ...given]);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('cli/usage') as string,
    });
  });
});

/** A virtual cloud with a part, and the file that its device is provisioned with. */
async function provisioned(config: unknown, secret?: string) {
  const cloud = await VirtualViamCloud.create();
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const part = cloud.addPart({ config: config as JsonObject });
  const { url } = await cloud.listen();
  const login = { app_address: url, id: part.id, secret: secret ?? part.secret };
  return { viamJson: await configWith({ cloud: login }), cloud, partId: part.id };
}
