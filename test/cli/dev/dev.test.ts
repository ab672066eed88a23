import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { VirtualViamCloud } from '../../../src/simulator/index.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { type RunningOtakit, startOtakit } from '../../support/running-cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const TABLE = join(REPOSITORY, 'partitions/micro-rdk-8mb.csv');

interface Tagged {
  readonly build: number;
  readonly tag: string;
}

/** A project whose build tool writes `app.bin`, whole or not. */
async function project() {
  const folder = await temporaryFolder();
  const image = join(folder, 'app.bin');
  const write = async (bytes: Uint8Array) => {
    await writeFile(`${image}.new`, bytes);
    await rename(`${image}.new`, image);
  };
  const build = async (version: string, codeBytes = 20_000) =>
    write(await buildTestApp({ descriptor: { version }, codeBytes }));
  await build('v1');
  const env = { OTAKIT_DATA: join(folder, 'data') };
  return { folder, image, write, build, env };
}

/** Starts a command that ends with the test. */
function started(args: readonly string[], env: Readonly<Record<string, string>>): RunningOtakit {
  const running = startOtakit(args, { env });
  onTestFinished(() => running[Symbol.asyncDispose]());
  return running;
}

/** Waits for a warning whose code begins like this. */
async function warningOf(dev: RunningOtakit, code: string): Promise<void> {
  for (;;) {
    const warning = await dev.nextEvent('warning');
    if (String(warning['code']).startsWith(code)) return;
  }
}

/** A project, a virtual cloud, and a virtual device that lives from it. */
async function cloudAndDevice({ eraseTime = '0s' } = {}) {
  const made = await project();
  const cloud = await VirtualViamCloud.create();
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const apiKey = cloud.addApiKey();
  const part = cloud.addPart({ config: { services: [], mine: true } });
  const { url } = await cloud.listen();
  const identity = join(made.folder, 'viam.json');
  const { id, secret } = part;
  await writeFile(identity, JSON.stringify({ cloud: { app_address: url, id, secret } }));
  const device = started(
    ['simulate', 'micro-rdk', '--cloud', identity, '--partitions', TABLE, '--json'].concat([
      '--poll',
      '50ms',
      '--erase-time',
      eraseTime,
    ]),
    made.env,
  );
  const command = ['dev', made.image, '--partitions', TABLE, '--part', id, '--cloud', url];
  command.push('--host', '127.0.0.1', '--port', '0');
  const env = { ...made.env, VIAM_API_KEY_ID: apiKey.id, VIAM_API_KEY: apiKey.key };
  return { ...made, env, cloud, part, device, command };
}

/** The same with `otakit dev` between them. */
async function wholePath(options: { eraseTime?: string } = {}) {
  const made = await cloudAndDevice(options);
  return { ...made, dev: started([...made.command, '--json'], made.env) };
}

describe('otakit dev, with a virtual cloud and a virtual device', () => {
  it('takes ten builds to the device, past a broken one, a refusal and a concurrent edit', async () => {
    const { build, write, cloud, part, device, dev } = await wholePath();
    for (let number = 1; number <= 10; number += 1) {
      if (number > 1 && number !== 5) await build(`v${number}`);
      if (number === 3) {
        // The cloud refuses: this build is reported and goes nowhere, the next one does.
        const failed = await dev.nextEvent('failed');
        expect(failed).toMatchObject({ step: 'push', code: 'machine-config/not-permitted' });
        continue;
      }
      if (number === 5) {
        const broken = await buildTestApp({ descriptor: { version: 'v5' } });
        await write(broken.subarray(0, broken.length - 100));
        expect(await dev.nextEvent('rejected')).toMatchObject({ build: 5 });
        await build('v5-mended');
      }
      if (number === 7) cloud.edit(part.id, (config) => ({ ...config, theirs: 'kept' }));
      const running = (await dev.nextEvent('running')) as unknown as Tagged;
      expect(running.tag).toMatch(number === 5 ? /^v5-mended-/ : new RegExp(`^v${number}-`));
      if (number === 2) cloud.inject({ kind: 'denied', method: 'UpdateRobotPart', times: 1 });
      if (number === 7) {
        cloud.inject({ kind: 'concurrent-edit', method: 'UpdateRobotPart', times: 1 });
      }
    }
    expect(part.config).toMatchObject({
      mine: true,
      theirs: 'kept',
      notes: 'edited by somebody else; ',
    });
    const reboots = device.events.filter(
      ({ event, reason }) => event === 'rebooted' && reason === 'update',
    );
    expect(reboots.map(({ version }) => version)).toEqual([
      'v1',
      'v2',
      'v4',
      'v5-mended',
      'v6',
      'v7',
      'v8',
      'v9',
      'v10',
    ]);
    expect(reboots.some(({ fellBack }) => fellBack)).toBe(false);
  });

  it.each([
    ['the config', 'UpdateRobotPart'],
    ['the log', 'GetRobotPartLogs'],
  ])('tries again when the cloud does not take %s for a moment', async (_what, method) => {
    const { build, cloud, dev } = await wholePath();
    await dev.nextEvent('running');
    cloud.inject({ kind: 'unavailable', method, times: 1 });
    await build('v2');
    expect(await dev.nextEvent('failed')).toMatchObject({
      code: 'machine-config/cloud-unreachable',
      retryMs: 5000,
    });
    expect(await dev.nextEvent('running')).toMatchObject({ build: 2 });
  });

  it('writes none of several configs twice where one of them is refused for a moment', async () => {
    const { image, env, folder } = await project();
    const cloud = await VirtualViamCloud.create();
    onTestFinished(() => cloud[Symbol.asyncDispose]());
    const apiKey = cloud.addApiKey();
    const parts = [1, 2, 3].map(() => cloud.addPart({ config: { services: [] } }));
    const { url } = await cloud.listen();
    cloud.inject({ kind: 'unavailable', method: 'UpdateRobotPart', times: 1 });
    const log = join(folder, 'device.log');
    await writeFile(log, '');
    const dev = started(
      ['dev', image, '--partitions', TABLE, '--part', ...parts.map(({ id }) => id)].concat([
        '--cloud',
        url,
        '--host',
        '127.0.0.1',
        '--port',
        '0',
        '--log',
        log,
        '--json',
      ]),
      { ...env, VIAM_API_KEY_ID: apiKey.id, VIAM_API_KEY: apiKey.key },
    );
    const { tag } = (await dev.nextEvent('published')) as unknown as Tagged;
    expect(await dev.nextEvent('failed')).toMatchObject({
      code: 'machine-config/cloud-unreachable',
    });
    // A device whose config was written does not wait for the other ones.
    await writeFile(log, `OTA firmware version: ${tag}\n`);
    expect(await dev.nextEvent('pushed')).toMatchObject({ tag });
    expect(parts.map(({ history }) => history.length)).toEqual([1, 1, 1]);
    expect(await dev.nextEvent('running')).toMatchObject({ tag });
  });

  it('does not say that a build runs for which only its tag speaks', async () => {
    const { command, env } = await cloudAndDevice();
    const { exitCode, stdout } = await otakit([...command, '--once'], { env });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('the tag that the device booted with, not which build runs');
    expect(stdout).toMatch(/^ {2}booted .* v1-\d{8}T\d{6}Z-[0-9a-f]{8}; its log shows no slot/m);
    expect(stdout).not.toContain('running');
  });

  it('ends with the newest of two builds in quick succession', async () => {
    const { build, device, dev } = await wholePath({ eraseTime: '3s' });
    await dev.nextEvent('running');
    await build('v2');
    await device.nextEvent('update');
    await device.nextEvent('update');
    // The device erases its slot for v2 while v3 is finished.
    await build('v3');
    expect(await dev.nextEvent('superseded')).toMatchObject({ build: 2 });
    const running = (await dev.nextEvent('running')) as unknown as Tagged;
    expect(running).toMatchObject({ build: 3, tag: expect.stringMatching(/^v3-/) });
    const last = device.events.findLast(({ event }) => event === 'rebooted');
    expect(last).toMatchObject({ version: 'v3', fellBack: false });
  });
});

describe('otakit dev, with a config in a file', () => {
  const START = '{\n  "services": []\n}\n';

  async function withFile(...args: string[]) {
    const made = await project();
    const config = join(made.folder, 'machine.json');
    await writeFile(config, START);
    const command = ['dev', made.image, '--file', config, '--partitions', TABLE].concat([
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      ...args,
    ]);
    const device = (...more: string[]) =>
      started(
        ['simulate', 'micro-rdk', '--config', config, '--partitions', TABLE, '--json'].concat([
          '--poll',
          '20ms',
          ...more,
        ]),
        made.env,
      );
    return { ...made, config, command, device };
  }

  it('ends with the download where nothing shows the boot', async () => {
    const { command, device, env } = await withFile('--once');
    device();
    const { exitCode, stdout } = await otakit(command, { env });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('No log of the device');
    expect(stdout).toMatch(/Build 1: test-app v1, ESP32, [\d,]+ bytes, \d\.\d % of the slot/);
    expect(stdout).toMatch(/download.*127\.0\.0\.1 has every byte/);
  });

  it.each(['none.csv', '/dev/null'])('ends where the table %s cannot be read', async (table) => {
    const { folder, image, env } = await project();
    const config = join(folder, 'machine.json');
    await writeFile(config, '{"services": []}\n');
    const args = ['dev', image, '--partitions', table, '--file', config, '--host', '127.0.0.1'];
    const { exitCode, stderr } = await otakit(args, { env });
    expect([exitCode, stderr]).toEqual([3, expect.stringMatching(/error [a-z-]+\/[a-z-]+: .*/)]);
    expect(await readFile(config, 'utf8')).toBe('{"services": []}\n');
  });

  it('ends --once with exit 3 where the config has two services, and takes the one that is named', async () => {
    const { command, env, config } = await withFile('--once', '--json');
    const service = (name: string) => ({ name, model: 'ota_service', attributes: {} });
    await writeFile(config, JSON.stringify({ services: [service('a'), service('b')] }));
    const { exitCode, stdout } = await otakit(command, { env });
    expect(exitCode).toBe(3);
    expect(stdout).toContain('machine-config/several-services');
    const dev = started([...command, '--service', 'b'], env);
    await dev.nextEvent('pushed');
    expect(JSON.parse(await readFile(config, 'utf8'))).toMatchObject({
      services: [{ attributes: {} }, { attributes: { version: expect.any(String) } }],
    });
    const codes = dev.events.map(({ code }) => code);
    expect(codes).toContain('machine-config/not-first-service');
  });

  it('ends where the image cannot be read at the start, and says so later', async () => {
    const { command, env, image, build } = await withFile('--json');
    const start = command.map((word) => (word === image ? '/dev/null' : word));
    const ended = await otakit(start, { env });
    expect(ended.exitCode).toBe(3);
    expect(ended.stdout + ended.stderr).toContain('cli/file-not-readable');

    const dev = started(command, env);
    await dev.nextEvent('pushed');
    await symlink('/dev/null', `${image}.new`);
    await rename(`${image}.new`, image);
    await warningOf(dev, 'cli/file-not-readable');
    await build('v2');
    expect(await dev.nextEvent('pushed')).toMatchObject({ build: 2 });
  });

  it('goes on after a table that cannot be understood, found or named', async () => {
    for (const isNamed of [false, true]) {
      const { folder, image, build, env } = await project();
      const config = join(folder, 'machine.json');
      await writeFile(config, START);
      const table = join(folder, 'partitions.csv');
      const good = await readFile(TABLE);
      await writeFile(table, good);
      const args = ['dev', image, '--file', config, '--host', '127.0.0.1', '--port', '0', '--json'];
      const dev = started(isNamed ? [...args, '--partitions', table] : args, env);
      await dev.nextEvent('pushed');
      await writeFile(table, 'nvs, data, nvs, not a number, 0x6000\n');
      await build('v2');
      await warningOf(dev, 'partition-table/');
      await writeFile(table, good);
      await build('v3');
      expect(await dev.nextEvent('pushed')).toMatchObject({ tag: expect.stringMatching(/^v3-/) });
    }
  });

  it('holds to the chip of the first build', async () => {
    const { command, env, build, write, config } = await withFile('--json');
    const dev = started(command, env);
    const { tag } = (await dev.nextEvent('pushed')) as unknown as Tagged;
    await write(await buildTestApp({ chip: 'esp32c3' }));
    expect(await dev.nextEvent('rejected')).toMatchObject({
      build: 2,
      issues: [{ code: 'app-image/chip-mismatch' }],
    });
    expect(await readFile(config, 'utf8')).toContain(tag);
    await build('v3');
    expect(await dev.nextEvent('pushed')).toMatchObject({ build: 3 });
  });

  it('says that sizes are not checked where there is no partition table', async () => {
    const { command, env } = await withFile('--json');
    const dev = started(
      command.filter((word) => word !== '--partitions' && word !== TABLE),
      env,
    );
    await dev.nextEvent('pushed');
    expect(dev.events.map(({ code }) => code)).toContain('cli/sizes-not-checked');
  });

  it('says once that a device downloads again, and when a download is cut off', async () => {
    const { command, env } = await withFile('--json');
    const dev = started(command, env);
    const { url } = (await dev.nextEvent('published')) as unknown as { url: string };
    await dev.nextEvent('pushed');
    const { origin, pathname } = new URL(url);
    const download = async (isWhole: boolean) => {
      const session = connectHttp2(origin);
      const stream = session.request({ ':path': pathname });
      if (isWhole) await once(stream.resume(), 'end');
      else await once(stream, 'response');
      session.destroy();
    };
    await download(false);
    expect(await dev.nextEvent('failed')).toMatchObject({
      step: 'device',
      device: '127.0.0.1',
      retryMs: 10_000,
      message: expect.stringContaining('cut off at'),
    });
    await download(true);
    await dev.nextEvent('downloaded');
    await download(true);
    await download(true);
    const again = () => dev.events.filter(({ code }) => code === 'cli/downloads-again');
    await expect.poll(again).toHaveLength(1);
    expect(dev.events.filter(({ event }) => event === 'downloaded')).toHaveLength(1);
  });

  it('ends --once with exit 3 where the build is no good, and leaves the config alone', async () => {
    const { command, env, write, config } = await withFile('--once');
    const before = await readFile(config, 'utf8');
    await write(new Uint8Array(2000).fill(0xe9));
    const { exitCode, stderr } = await otakit(command, { env });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('app-image/');
    expect(await readFile(config, 'utf8')).toBe(before);
  });

  it('sees the boot, and the slot, in a console that is kept in a file', async () => {
    const { command, device, env, folder } = await withFile('--json', '--once');
    const log = join(folder, 'device.log');
    const dev = started([...command, '--log', log], env);
    await dev.nextEvent('pushed');
    const lines = createWriteStream(log, { flags: 'a' });
    onTestFinished(() => void lines.end());
    const { tag } = (dev.events.find(({ event }) => event === 'pushed') ?? {}) as unknown as Tagged;
    device();
    await dev.nextEvent('downloaded');
    lines.write('I (5) micro_rdk: next reboot will load firmware from `0x400000`\n');
    lines.write('rebooting from config monitor...\r\nI (9) boot: Loaded app from partition');
    lines.write(' at offset 0x400000\r\n');
    lines.write(`\u001b[0;32mI (99) micro_rdk: OTA firmware version: ${tag}\u001b[0m\r\n`);
    expect(await dev.nextEvent('rebooted')).toMatchObject({ tag });
    expect(await dev.nextEvent('running')).toMatchObject({ tag, flashOffset: 0x400000 });
    expect(await dev.ended).toBe(0);
  });

  it('leaves the config as pushed with Ctrl-C, and puts it back with --restore', async () => {
    for (const restore of [false, true]) {
      const args = restore ? ['--json', '--restore'] : ['--json'];
      const { command, env, config, build } = await withFile(...args);
      const dev = started(command, env);
      await dev.nextEvent('pushed');
      await build('v2');
      const { tag } = (await dev.nextEvent('pushed')) as unknown as Tagged;
      expect(await dev.stop()).toBe(130);
      const text = await readFile(config, 'utf8');
      if (restore) expect(text).toBe(START);
      else expect(text).toContain(`"version": "${tag}"`);
    }
  });

  it('writes nothing with --restore where somebody has undone the push already', async () => {
    const { command, env, config } = await withFile('--json', '--restore');
    const dev = started(command, env);
    await dev.nextEvent('pushed');
    await writeFile(config, START);
    // A file is replaced to be written, so another one would be there then.
    const { ino } = await stat(config);
    expect(await dev.stop()).toBe(130);
    expect(dev.events.at(-1)).toMatchObject({ event: 'restored', targets: [`file:${config}`] });
    expect(await stat(config)).toMatchObject({ ino });
  });

  it('leaves a config that somebody else has set since as it is, and says so', async () => {
    const { command, env, config } = await withFile('--json', '--restore');
    const dev = started(command, env);
    await dev.nextEvent('pushed');
    const theirs = START.replace(
      '[]',
      '[{"model": "ota_service", "attributes": {"version": "x"}}]',
    );
    await writeFile(config, theirs);
    expect(await dev.stop()).toBe(130);
    expect(await dev.nextEvent('warning')).toMatchObject({ code: 'serve/address-loopback' });
    expect(await dev.nextEvent('warning')).toMatchObject({ code: 'machine-config/changed-since' });
    expect(dev.events.at(-1)).toMatchObject({ event: 'restored', targets: [] });
    expect(await readFile(config, 'utf8')).toBe(theirs);
  });

  it('reads the console of a board on a port', async () => {
    const consoles = new Set<Socket>();
    const board = createServer((socket) => consoles.add(socket));
    await new Promise<void>((resolve) => {
      board.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => void board.close());
    const { command, env } = await withFile('--json');
    const port = `tcp://127.0.0.1:${(board.address() as AddressInfo).port}`;
    const dev = started([...command, '--monitor', port], env);
    const { tag } = (await dev.nextEvent('pushed')) as unknown as Tagged;
    await expect.poll(() => consoles.size).toBe(1);
    for (const socket of consoles) socket.write(`OTA firmware version: ${tag}\r\n`);
    expect(await dev.nextEvent('running')).toMatchObject({ tag, source: port, flashOffset: null });
    for (const socket of consoles) socket.destroy();
    await dev.nextEvent('warning');
    expect(await dev.nextEvent('warning')).toMatchObject({ code: 'transport/port-lost' });
  });

  it('leaves device and config alone when the build is no good', async () => {
    const { command, env, config, write } = await withFile('--json');
    await write(new TextEncoder().encode('<!doctype html><html>no firmware</html>'));
    const dev = started(command, env);
    expect(await dev.nextEvent('rejected')).toMatchObject({
      build: 1,
      issues: [{ severity: 'error' }],
    });
    expect(await readFile(config, 'utf8')).toBe(START);
  });

  it('goes on after a config that cannot be edited', async () => {
    const { command, env, config, build } = await withFile('--json');
    await writeFile(config, '{ "services": [');
    const dev = started(command, env);
    expect(await dev.nextEvent('failed')).toMatchObject({ code: 'machine-config/syntax' });
    await writeFile(config, START);
    await build('v2');
    expect(await dev.nextEvent('pushed')).toMatchObject({ build: 2 });
  });

  it('tries a build again that is built as it was, where it did not make it', async () => {
    const { command, env, config, build } = await withFile('--json');
    await writeFile(config, '{ "services": [');
    const dev = started(command, env);
    expect(await dev.nextEvent('failed')).toMatchObject({ code: 'machine-config/syntax' });
    await writeFile(config, START);
    await build('v1');
    expect(await dev.nextEvent('pushed')).toMatchObject({ build: 2 });
  });

  it('takes the options of serve, all of them', async () => {
    const flagsOf = async (command: string) => {
      const { stdout } = await otakit([command, '--help']);
      return [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
    };
    const flags = await flagsOf('serve');
    expect(flags).toContain('--no-announce');
    expect(await flagsOf('dev')).toEqual(expect.arrayContaining(flags));
  });

  it('serves as it is told to: without tokens, with the key and the tags that are wanted', async () => {
    const { command, env, config, folder } = await withFile('--json', '--restore');
    const key = join(folder, 'elsewhere');
    const dev = started([...command, '--data', key, '--tag', 'mine/1', '--watch', '--force'], env);
    expect(await dev.nextEvent('pushed')).toMatchObject({
      tag: expect.stringMatching(/^mine-1-\d{8}T\d{6}Z-/),
    });
    expect(await readdir(key)).toEqual(['serve.key']);
    await dev.stop();
    const open = started([...command, '--no-auth', '--no-announce'], env);
    expect(await open.nextEvent('warning')).toMatchObject({ code: 'serve/address-loopback' });
    expect(await open.nextEvent('warning')).toMatchObject({ code: 'serve/no-auth' });
    const { url } = (await open.nextEvent('published')) as { url?: string };
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{12}\/app\.bin$/);
    await open.stop();
    expect(await readFile(config, 'utf8')).toBe(START);
  });

  it('makes another tag where the config has it already', async () => {
    const { command, env, config } = await withFile('--json');
    const { tag } = await started(command, env).nextEvent('pushed');
    // The same build in the same second, on most runs.
    const second = started(command, env);
    const pushed = await second.nextEvent('pushed');
    expect(pushed['tag']).not.toBe(tag);
    expect(second.events.map(({ event }) => event)).not.toContain('failed');
    expect(await readFile(config, 'utf8')).toContain(`"version": "${String(pushed['tag'])}"`);
  });

  it('refuses a value that is no good before anything else is said', async () => {
    const { folder, image } = await project();
    const args = ['dev', image, '--file', join(folder, 'machine.json'), '--host', '127.0.0.1'];
    for (const wrong of [
      ['--port', '70000'],
      ['--ttl', 'x'],
      ['--chip', 'z80'],
      ['--silence', 'x'],
      ['--cloud', 'notaurl'],
    ]) {
      const { exitCode, stderr } = await otakit([...args, ...wrong]);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^error cli\/usage: [^\n]+\n *hint: [^\n]+\n$/);
      expect(stderr).toContain(wrong[1]);
    }
  });

  it('says what is missing', async () => {
    const { env, image, folder } = await project();
    const none = await otakit(['dev', image], { env });
    expect(none).toMatchObject({ exitCode: 2 });
    const target = ['--file', join(folder, 'x.json'), '--host', '127.0.0.1', '--port', '0'];
    const gone = await otakit(['dev', join(folder, 'gone.bin'), ...target], { env });
    expect(gone.stderr).toContain('cli/file-not-readable');
    const empty = await otakit(['dev', folder, ...target], { env });
    expect(empty.stderr).toContain('error cli/no-build: ');
    const silence = await otakit(['dev', image, ...target, '--silence', 'x'], { env });
    expect(silence).toMatchObject({ exitCode: 2 });
  });
});
