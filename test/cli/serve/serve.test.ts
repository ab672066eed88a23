import { execFile } from 'node:child_process';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../../src/cli/codes.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { rawClient } from '../../support/http-front.ts';
import { watchOtakit } from '../../support/watched-cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const TABLE = join(REPOSITORY, 'partitions/ota-primer-4mb.csv');
const SAMPLE = join(REPOSITORY, 'firmware-samples/images/hello-esp32-1.0.0.bin');
const MERGED = join(REPOSITORY, 'firmware-samples/images/hello-esp32-1.0.0-merged.bin');
const URL_LINE = /URL +(http:\S+)/;

async function bench() {
  const folder = await temporaryFolder();
  const image = join(folder, 'app.bin');
  await writeFile(image, await buildTestApp());
  const data = join(folder, 'data');
  const common = ['-p', TABLE, '--bind', '127.0.0.1', '--port', '0', '--data', data];
  return { folder, image, data, common };
}

/** The first event of that name in lines of JSON. */
function eventIn(stdout: string, name: string): Record<string, unknown> | undefined {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find((event) => event['event'] === name);
}

describe('otakit serve', () => {
  it('prints the URL, the tag, and the service to paste; serves; ends at Ctrl-C', async () => {
    const { image, common, data } = await bench();
    const cli = watchOtakit(['serve', image, ...common]);
    const [, url = ''] = await cli.waitFor(URL_LINE);
    const [, service = ''] = await cli.waitFor(/machine config:\n(\{\n[^]*?\n\})/);
    const [, tag = ''] = await cli.waitFor(/tag +(1\.0\.0-[0-9a-f]{8})\n/);
    expect(JSON.parse(service)).toEqual({
      name: 'OTA',
      api: 'rdk:service:generic',
      model: 'rdk:builtin:ota_service',
      attributes: { url, version: tag },
    });
    const response = await fetch(url);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(await readFile(image));
    await fetch(url.replace(/.(?=\/app)/, '~'));
    await cli.waitForStderr(/127\.0\.0\.1 {2}refused with 403: the token/);
    expect((await stat(join(data, 'serve.key'))).mode & 0o777).toBe(0o600);
    cli.interrupt(new CliError('cli/interrupted', 'interrupted'));
    expect(await cli.ended).toBe(130);
    const token = new URL(url).pathname.split('/')[1] ?? '';
    expect(cli.stderr).not.toContain(token);
    const lines = cli.stdout.split('\n').filter((line) => line.includes(token));
    expect(lines.map((line) => line.trim().split(/[ :]/)[0])).toEqual(['URL', '"url"']);
  });

  it('says with --json what happens, one event a line, and ends with --once', async () => {
    const { image, common } = await bench();
    const cli = watchOtakit(['serve', image, ...common, '--json', '--once', '--tag', 'night 7']);
    await cli.waitFor(/"event":"listening".*\n/);
    const { url, tag, sha256, sizeBytes, service } = eventIn(cli.stdout, 'listening') ?? {};
    expect({ tag, sizeBytes }).toEqual({
      tag: 'night 7',
      sizeBytes: (await readFile(image)).length,
    });
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(service).toMatchObject({ attributes: { url, version: 'night 7' } });
    await fetch(String(url), { method: 'HEAD' });
    await fetch(`${String(url)}x`);
    await (await fetch(String(url), { headers: { connection: 'close' } })).arrayBuffer();
    expect(await cli.ended).toBe(0);
    expect(eventIn(cli.stdout, 'checked')).toMatchObject({ acceptable: true, issues: [] });
    expect(eventIn(cli.stdout, 'request')).toMatchObject({ method: 'HEAD', protocol: 'HTTP/1.1' });
    expect(eventIn(cli.stdout, 'rejected')).toMatchObject({ status: 404, reason: 'not-found' });
    expect(eventIn(cli.stdout, 'complete')).toMatchObject({
      device: '127.0.0.1',
      sentBytes: sizeBytes,
    });
    const token = new URL(String(url)).pathname.split('/')[1] ?? '';
    const holders = cli.stdout.split('\n').filter((line) => line.includes(token));
    expect(holders).toHaveLength(1);
  });

  it('ends with 5 when a download is cut off with --once', async () => {
    const { folder, common } = await bench();
    const image = join(folder, 'large.bin');
    await writeFile(image, await buildTestApp({ codeBytes: 900_000 }));
    const cli = watchOtakit(['serve', image, ...common, '--once', '--force']);
    const [, url = ''] = await cli.waitFor(URL_LINE);
    const { port, pathname } = new URL(url);
    const socket = rawClient(Number(port));
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.once('readable', () => socket.resetAndDestroy());
    expect(await cli.ended).toBe(5);
    expect(cli.stderr).toMatch(
      /cut off at [\d,]+ of [\d,]+ bytes: the device closed the connection/,
    );
  });

  it('refuses what a device could not take, with the reasons, whatever is forced', async () => {
    const { image, folder, common } = await bench();
    const truncated = join(folder, 'truncated.bin');
    await writeFile(truncated, (await readFile(image)).subarray(0, 5000));
    const large = join(folder, 'too-large.bin');
    await writeFile(large, await buildTestApp({ codeBytes: 1_100_000 }));
    for (const [path, code] of [
      [MERGED, 'app-image/merged-image'],
      [truncated, 'app-image/truncated'],
      [large, 'app-image/too-large'],
    ] as const) {
      const { exitCode, stdout, stderr } = await otakit(['serve', path, ...common, '--force']);
      expect(exitCode).toBe(3);
      expect(stdout).toBe('');
      expect(stderr).toContain(`error ${code}`);
      const json = await otakit(['serve', path, ...common, '--json']);
      expect(eventIn(json.stdout, 'checked')).toMatchObject({ acceptable: false });
    }
  });

  it('refuses a version that micro-RDK cannot take, unless it is for others', async () => {
    const { folder, common } = await bench();
    const image = join(folder, 'long.bin');
    const version = 'v0.5.1-57-ge85ab4c4-dirty';
    await writeFile(image, await buildTestApp({ descriptor: { version } }));
    const { exitCode, stderr } = await otakit(['serve', image, ...common]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('app-image/version-too-long');
    const cli = watchOtakit(['serve', image, ...common, '--for', 'esp-idf']);
    await cli.waitFor(URL_LINE);
  });

  it('wants a partition table, or to be forced: serve/no-partition-table', async () => {
    const { image, data } = await bench();
    const args = ['serve', image, '--bind', '127.0.0.1', '--port', '0', '--data', data];
    const { exitCode, stderr } = await otakit(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error serve/no-partition-table: ');
    const cli = watchOtakit([...args, '--force']);
    await cli.waitFor(URL_LINE);
    expect(cli.stderr).toContain('warning serve/no-partition-table: ');
  });

  it('wants another tag for other bytes, or to be forced: serve/tag-reused', async () => {
    const { image, common } = await bench();
    const first = watchOtakit(['serve', image, ...common, '--tag', 'night']);
    await first.waitFor(URL_LINE);
    const same = watchOtakit(['serve', image, ...common, '--tag', 'night']);
    await same.waitFor(URL_LINE);
    await writeFile(image, await buildTestApp({ codeBytes: 128 }));
    const { exitCode, stderr } = await otakit(['serve', image, ...common, '--tag', 'night']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error serve/tag-reused: ');
    // The version is the one before as well, which only is a warning.
    expect(stderr).toContain('warning app-image/version-repeated: ');
    const forced = watchOtakit(['serve', image, ...common, '--tag', 'night', '--force']);
    await forced.waitFor(URL_LINE);
    expect(forced.stderr).toContain('warning serve/tag-reused: ');
  });

  it('says loudly that --no-auth has no token: serve/no-auth', async () => {
    const { image, common } = await bench();
    const cli = watchOtakit(['serve', image, ...common, '--no-auth']);
    const [, url = ''] = await cli.waitFor(URL_LINE);
    expect(cli.stderr).toContain('warning serve/no-auth: NO TOKEN');
    expect(cli.stdout).toContain('OPEN: no token');
    expect((await fetch(url)).status).toBe(200);
  });

  it('publishes a finished rebuild under a new tag and URL, and keeps the old one of a bad rebuild', async () => {
    const { image, common } = await bench();
    const cli = watchOtakit(['serve', image, ...common, '--watch', '--json']);
    await cli.waitFor(/"event":"listening".*\n/);
    const before = eventIn(cli.stdout, 'listening');
    const old = await readFile(image);
    const rebuilt = await buildTestApp({ descriptor: { version: '1.0.1' } });
    await writeFile(`${image}.part`, rebuilt);
    await rename(`${image}.part`, image);
    const [line] = await cli.waitFor(/\{"event":"listening"[^\n]*"tag":"1\.0\.1-[^\n]*\n/);
    const after = JSON.parse(line) as Record<string, unknown>;
    expect(after['url']).not.toBe(before?.['url']);
    const bytesAt = async (url: unknown) =>
      Buffer.from(await (await fetch(String(url))).arrayBuffer());
    expect(await bytesAt(after['url'])).toEqual(Buffer.from(rebuilt));
    expect(await bytesAt(before?.['url'])).toEqual(old);
    await writeFile(image, rebuilt.subarray(0, 3000));
    await cli.waitFor(/"event":"checked"[^\n]*"acceptable":false[^\n]*app-image\/truncated/);
    expect(await bytesAt(after['url'])).toEqual(Buffer.from(rebuilt));
  });

  it('draws a bar per device on a terminal, and leaves none behind', async () => {
    const { folder, common } = await bench();
    const image = join(folder, 'large.bin');
    await writeFile(image, await buildTestApp({ codeBytes: 900_000 }));
    const cli = watchOtakit(['serve', image, ...common], { isTTY: true, columns: 100 });
    const [, url = ''] = await cli.waitFor(URL_LINE);
    const part = { headers: { range: 'bytes=0-499999', connection: 'close' } };
    await (await fetch(url, part)).arrayBuffer();
    await cli.waitForStderr(/127\.0\.0\.1 +█+░+ +\d\d %/);
    const rest = { headers: { range: 'bytes=500000-', connection: 'close' } };
    await (await fetch(url, rest)).arrayBuffer();
    await cli.waitForStderr(/complete: [\d,]+ bytes in/);
    cli.interrupt(new CliError('cli/interrupted', 'interrupted'));
    await cli.ended;
    // Every bar was erased before the line that stays.
    expect(cli.stderr.lastIndexOf('\u001b[J')).toBeGreaterThan(cli.stderr.lastIndexOf('░'));
  });

  it.each([
    [['--port', 'x'], 'cli/usage'],
    [['--port', '65536'], 'cli/usage'],
    [['--ttl', 'soon'], 'cli/usage'],
    [['--ttl', '0s'], 'cli/usage'],
    [['--for', 'tasmota'], 'cli/usage'],
    [['--chip', 'esp31'], 'cli/usage'],
    [['--host', 'http://x'], 'serve/bad-host'],
  ])('refuses %j: %s', async (args, code) => {
    const { image, common } = await bench();
    const { exitCode, stderr } = await otakit(['serve', image, ...common, ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`error ${code}: `);
  });

  it('refuses a tag that is too long', async () => {
    const { image, common } = await bench();
    const { exitCode, stderr } = await otakit([
      'serve',
      image,
      ...common,
      '--tag',
      'x'.repeat(129),
    ]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('machine-config/tag-too-long');
  });

  it('says that a port is taken, with exit 5', async () => {
    const { image, common } = await bench();
    const first = watchOtakit(['serve', image, ...common]);
    const [, url = ''] = await first.waitFor(URL_LINE);
    const { port } = new URL(url);
    const { exitCode, stderr } = await otakit(['serve', image, ...common, '--port', port]);
    expect(exitCode).toBe(5);
    expect(stderr).toContain('error serve/port-taken: ');
    expect(stderr).toContain('hint: ');
  });
});

describeWithPeers(['make'], 'make serve-ota and make dev', ([make = '']) => {
  const recipe = (...args: string[]) => recipeOf('serve-ota', ...args);
  const recipeOf = (target: string, ...args: string[]) =>
    new Promise<string>((resolve, reject) => {
      const env = { ...process.env, HOST: 'a-name-from-the-shell' };
      execFile(make, ['-n', target, ...args], { cwd: REPOSITORY, env }, (error, stdout) => {
        if (error === null) resolve(stdout.trimEnd().split('\n').at(-1) ?? '');
        else reject(error);
      });
    });

  it('serves the sample image by default', async () => {
    expect(await recipe()).toBe(
      "node_modules/.bin/node dist/bin/main.js serve 'firmware-samples/images/hello-esp32-1.0.0.bin' --partitions 'partitions/ota-primer-4mb.csv'",
    );
    const { exitCode } = await otakit([
      'image',
      'check',
      SAMPLE,
      '-p',
      TABLE,
      '--for',
      'micro-rdk',
    ]);
    expect(exitCode).toBe(0);
  });

  it('hands on what it is told', async () => {
    expect(
      await recipe(
        'IMAGE=my app.bin',
        'PARTITIONS=p.csv',
        'PORT=80',
        'HOST=10.0.0.1',
        'TAG=v1',
        'WATCH=1',
        'ONCE=0',
      ),
    ).toBe(
      "node_modules/.bin/node dist/bin/main.js serve 'my app.bin' --partitions 'p.csv' --port '80' --host '10.0.0.1' --tag 'v1' --watch",
    );
  });

  it('hands the same on to dev, and what that takes beside', async () => {
    const told = ['IMAGE=app.bin', 'CONFIG=m.json', 'DATA=keys', 'TAG=v1', 'NO_ANNOUNCE=1'];
    expect(await recipeOf('dev', ...told, 'RESTORE=1')).toBe(
      "node_modules/.bin/node dist/bin/main.js dev 'app.bin' --file 'm.json' --restore --tag 'v1' --data 'keys' --no-announce",
    );
  });
});
