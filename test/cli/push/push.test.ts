import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/machine-config/index.ts';
import { type CloudFault, VirtualViamCloud } from '../../../src/simulator/index.ts';
import { fixture } from '../../machine-config/fixture.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { CliError } from '../../../src/cli/codes.ts';
import { otakit } from '../../support/cli.ts';
import { startOtakit } from '../../support/otakit-process.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const CONFIG = JSON.parse(fixture('app-triplet.json')) as JsonObject;

/** The URL of an image on a server that speaks HTTP/2, as a device needs it. */
async function servedImage(): Promise<string> {
  const image = await buildTestApp();
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': image.length });
    response.end(image);
  });
  server.on('session', (session) => sessions.add(session));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/app.bin?token=secret123`;
}

async function fleet(
  parts = 1,
  role: 'operator' | 'reader' = 'operator',
  onWrite: () => void = () => {},
) {
  const cloud = await VirtualViamCloud.create({ onWrite });
  const { id, key } = cloud.addApiKey(role);
  const made = Array.from({ length: parts }, () => cloud.addPart({ config: CONFIG }));
  const { url } = await cloud.listen();
  const folder = await temporaryFolder();
  const env = { VIAM_API_KEY_ID: id, VIAM_API_KEY: key, OTAKIT_DATA: join(folder, 'data') };
  const target = ['--cloud', url, '--part', ...made.map((part) => part.id)];
  const image = await servedImage();
  return {
    cloud,
    parts: made,
    part: made[0] ?? cloud.addPart({ config: CONFIG }),
    env,
    target,
    image,
    push: (...args: string[]) =>
      otakit(['push', '--url', image, '--allow-loopback', ...target, ...args], { env }),
    [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose](),
  };
}

const attributes = (config: JsonObject) =>
  (config['services'] as readonly { attributes: JsonObject }[])[0]?.attributes;

/** What a device logs while it takes `v2`. */
const UPDATE = [
  'OTA connection attempt 1: `http://x:1/app.bin?token=secret123` ',
  'ota connected, beginning download',
  'updating next OTA partition at 0x400000: 500/1000 bytes written',
  'firmware download complete: 1000 bytes',
  'firmware update successful: version `v2`',
  'next reboot will load firmware from `0x400000`',
  'rebooting from config monitor...',
  'OTA firmware version: v2',
];

describe('otakit push', () => {
  it('puts URL and tag into a part, and can be undone', async () => {
    await using made = await fleet();
    const done = await made.push('--tag', 'v2');
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    expect(done.stdout).toContain('version "v1.0.0" → "v2"');
    expect(done.stdout).not.toContain('secret123');
    expect(attributes(made.part.config)).toEqual({ url: made.image, version: 'v2' });
    await otakit(['config', 'revert', ...made.target], { env: made.env });
    expect(made.part.config).toEqual(CONFIG);
  });

  it('writes nothing with --dry-run', async () => {
    await using made = await fleet();
    const { stdout, exitCode } = await made.push('--tag', 'v2', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/-\s+"version": "v1.0.0"\n/);
    expect(stdout).toMatch(/\+\s+"version": "v2"\n/);
    expect(made.part.config).toEqual(CONFIG);
  });

  it('makes a tag of version, time and hash of the image', async () => {
    await using made = await fleet();
    const file = join(await temporaryFolder(), 'app.bin');
    await writeFile(file, await buildTestApp({ descriptor: { version: 'v7' } }));
    const { stdout } = await made.push('--bump', '--image', file, '--json');
    const report = JSON.parse(stdout) as { results: { after: { version: string } }[] };
    expect(report.results[0]?.after.version).toMatch(/^v7-\d{8}T\d{6}Z-[0-9a-f]{8}$/);
  });

  it('refuses a URL that no device could use, before anything is asked of the cloud', async () => {
    await using made = await fleet();
    made.cloud.inject({ kind: 'unavailable' });
    const bad = await otakit(
      ['push', '--url', 'http://10.0.0.5/x', '--tag', 'v2', ...made.target],
      {
        env: made.env,
      },
    );
    expect(bad).toMatchObject({ exitCode: 3 });
    expect(bad.stderr).toContain('machine-config/url-without-port');
  });

  it('refuses what the URL leads to, unless told not to look', async () => {
    await using made = await fleet();
    const { port } = new URL(made.image);
    const gone = made.image.replace(port, '1');
    const args = ['push', '--url', gone, '--allow-loopback', '--tag', 'v2', ...made.target];
    const refused = await otakit(args, { env: made.env });
    expect(refused).toMatchObject({ exitCode: 5 });
    expect(refused.stderr).toContain('machine-config/preflight-unreachable');
    expect(made.part.config).toEqual(CONFIG);
    expect((await otakit([...args, '--no-preflight'], { env: made.env })).exitCode).toBe(0);
    expect(attributes(made.part.config)).toMatchObject({ version: 'v2' });
  });

  it('warns when the device will run another service', async () => {
    await using made = await fleet();
    made.cloud.edit(made.part.id, (config) => ({
      services: [
        { name: 'first', model: 'ota_service', attributes: {} },
        ...(config['services'] as readonly JsonObject[]),
      ],
    }));
    const { exitCode, stderr } = await made.push('--tag', 'v2', '--service', 'OTA');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('machine-config/not-first-service');
    expect(stderr).toContain('the device uses first, the first of 2 OTA services, and not OTA');
    const first = await made.push('--tag', 'v2', '--service', 'first');
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('keeps what somebody else saves meanwhile', async () => {
    await using made = await fleet();
    made.cloud.inject({ kind: 'concurrent-edit', method: 'UpdateRobotPart', times: 1 });
    expect((await made.push('--tag', 'v2')).exitCode).toBe(0);
    expect(made.part.config['notes']).toBe('edited by somebody else; ');
    expect(attributes(made.part.config)).toMatchObject({ version: 'v2' });
  });

  it('gives up with a conflict when somebody saves each time', async () => {
    await using made = await fleet();
    made.cloud.inject({ kind: 'concurrent-edit', method: 'UpdateRobotPart' });
    const { exitCode, stderr } = await made.push('--tag', 'v2');
    expect(exitCode).toBe(5);
    expect(stderr).toContain('machine-config/conflict');
    expect(attributes(made.part.config)).toMatchObject({ version: 'v1.0.0' });
  });

  it('can be undone where the answer to the write was lost', async () => {
    const losses = [new Error('lost')];
    await using made = await fleet(1, 'operator', () => {
      const lost = losses.pop();
      if (lost !== undefined) throw lost;
    });
    expect(await made.push('--tag', 'v2')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(attributes(made.part.config)).toMatchObject({ version: 'v2' });
    await otakit(['config', 'revert', ...made.target], { env: made.env });
    expect(made.part.config).toEqual(CONFIG);
  });

  it('can be undone where what was written could not be read back', async () => {
    const faults: CloudFault[] = [{ kind: 'unauthenticated', method: 'GetRobotPart', times: 2 }];
    await using made = await fleet(1, 'operator', () => {
      const fault = faults.pop();
      if (fault !== undefined) made.cloud.inject(fault);
    });
    const { exitCode, stderr } = await made.push('--tag', 'v2');
    expect(exitCode).toBe(5);
    expect(stderr).toContain('machine-config/login-expired');
    expect(attributes(made.part.config)).toMatchObject({ version: 'v2' });
    const undone = await otakit(['config', 'revert', ...made.target], { env: made.env });
    expect(undone).toMatchObject({ exitCode: 0, stderr: '' });
    expect(made.part.config).toEqual(CONFIG);
  });

  it('pushes to several parts, and says which failed', async () => {
    await using made = await fleet(3);
    const [, second] = made.parts;
    if (second !== undefined) made.cloud.edit(second.id, () => ({ services: {} }));
    const { exitCode, stdout, stderr } = await made.push('--tag', 'v2');
    expect(exitCode).toBe(3);
    expect(stdout).toContain('2 of 3 done');
    expect(stdout).toContain('failed (machine-config/shape)');
    expect(stderr).toContain('error machine-config/shape: ');
    const json = JSON.parse((await made.push('--tag', 'v3', '--json')).stdout) as {
      results: { written: boolean; error: unknown }[];
    };
    expect(json.results.map(({ written }) => written)).toEqual([true, false, true]);
    expect(json.results[1]?.error).toMatchObject({ code: 'machine-config/shape' });
  });

  it('does not push the present tag again', async () => {
    await using made = await fleet();
    const { exitCode, stderr } = await made.push('--tag', 'v1.0.0');
    expect(exitCode).toBe(3);
    expect(stderr).toContain('machine-config/tag-unchanged');
  });

  it('says that the key may only read', async () => {
    await using made = await fleet(1, 'reader');
    const { exitCode, stderr } = await made.push('--tag', 'v2');
    expect(exitCode).toBe(5);
    expect(stderr).toContain('machine-config/not-permitted');
  });

  it('works on files too', async () => {
    const file = join(await temporaryFolder(), 'machine.json');
    await writeFile(file, fixture('app-triplet.json'));
    const url = await servedImage();
    const env = { OTAKIT_DATA: join(await temporaryFolder(), 'data') };
    const args = ['push', '--url', url, '--allow-loopback', '--tag', 'v2', '--file', file];
    expect((await otakit(args, { env })).exitCode).toBe(0);
    expect(await readFile(file, 'utf8')).toContain('"version": "v2"');
    const follow = await otakit([...args, '--follow'], { env });
    expect(follow).toMatchObject({ exitCode: 2 });
    expect(follow.stderr).toContain('--part');
    const unused = await otakit([...args, '--log', file], { env });
    expect(unused).toMatchObject({ exitCode: 2 });
  });

  it('wants a tag, and one only', async () => {
    await using made = await fleet();
    expect((await made.push()).exitCode).toBe(2);
    expect((await made.push('--tag', 'v2', '--bump')).exitCode).toBe(2);
    expect((await made.push('--tag', 'v2', '--silence', 'long')).exitCode).toBe(2);
  });
});

describe('otakit push --follow', () => {
  /** Lets the device of a part log lines once the config is written. */
  function whenPushed(made: Awaited<ReturnType<typeof fleet>>, lines: readonly string[]) {
    const { config } = made.part;
    const watch = setInterval(() => {
      if (made.part.config === config) return;
      clearInterval(watch);
      for (const line of lines) made.cloud.log(made.part.id, 'info', line);
    }, 5);
    onTestFinished(() => clearInterval(watch));
  }

  it('ends when the device has booted with the new tag', async () => {
    await using made = await fleet();
    whenPushed(made, UPDATE);
    const { exitCode, stdout, stderr } = await made.push('--tag', 'v2', '--follow');
    expect(stdout).toContain('rebooted: the device booted with the new tag');
    expect(stdout).toContain('so it may be the old build (--expect or --monitor would tell)');
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/downloading\n50 % of 1 ?000 bytes|downloading\n50 % of/);
    expect(stderr).not.toContain('secret123');
  });

  it('knows the new build by a line that only it logs', async () => {
    await using made = await fleet();
    whenPushed(made, [...UPDATE, 'my app 2.0.0 is up']);
    const args = ['--tag', 'v2', '--follow', '--expect', 'app 2.0.0'];
    const { exitCode, stdout } = await made.push(...args);
    expect(stdout).toContain('updated: the device runs the new build\n');
    expect(exitCode).toBe(0);
  });

  it('does not believe in the new build where that line stays away', async () => {
    await using made = await fleet();
    whenPushed(made, UPDATE);
    const args = ['--tag', 'v2', '--follow', '--expect', 'app 2.0.0', '--silence', '3s'];
    const { exitCode, stdout } = await made.push(...args);
    expect(stdout).toContain('unconfirmed: ');
    expect(exitCode).toBe(6);
    expect((await made.push('--tag', 'v3', '--expect', 'x')).exitCode).toBe(2);
  });

  it('warns that the update before did not last', async () => {
    await using made = await fleet();
    made.cloud.log(made.part.id, 'info', 'next reboot will load firmware from `0x400000`');
    const writing = 'writing new firmware to address `0x400000`';
    whenPushed(made, [...UPDATE.slice(0, 2), writing, ...UPDATE.slice(2)]);
    const { exitCode, stdout } = await made.push('--tag', 'v2', '--follow', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      results: [
        {
          verdict: { outcome: 'rebooted' },
          issues: [{ code: 'machine-config/earlier-fell-back', severity: 'warning' }],
        },
      ],
    });
  });

  it('says in the words of the device why not', async () => {
    await using made = await fleet();
    const message = 'failed to create ota service from config: invalid url value `x?token=s`';
    whenPushed(made, [message]);
    const { exitCode, stdout } = await made.push('--tag', 'v2', '--follow');
    expect(exitCode).toBe(4);
    expect(stdout).toContain('refused by the device: failed to create ota service');
  });

  it('shows no token that the device logs, in JSON neither', async () => {
    for (const json of [[], ['--json']]) {
      await using made = await fleet();
      const url = 'http://10.0.0.5:1/a.bin?token=s3cretS3cret';
      whenPushed(made, [`failed to create ota service from config: StringValue("${url}")`]);
      const { exitCode, stdout, stderr } = await made.push('--tag', 'v2', '--follow', ...json);
      expect(exitCode).toBe(4);
      expect(stdout).toContain('token=***(');
      expect(stdout + stderr).not.toContain('s3cret');
    }
  });

  it('tells a device that fell back', async () => {
    await using made = await fleet();
    whenPushed(made, [
      ...UPDATE.slice(0, -1),
      'Loaded app from partition at offset 0x20000',
      'OTA firmware version: v2',
    ]);
    const { exitCode, stdout } = await made.push('--tag', 'v2', '--follow', '--json');
    expect(exitCode).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({
      results: [{ verdict: { outcome: 'fell-back', actualOffset: 0x20000 } }],
    });
  });

  it('reads the console of the device where there is one, for a config in a file too', async () => {
    const folder = await temporaryFolder();
    const [file, log] = [join(folder, 'machine.json'), join(folder, 'device.log')];
    await writeFile(file, fixture('app-triplet.json'));
    await writeFile(log, 'OTA firmware version: v2\n');
    const args = ['push', '--url', await servedImage(), '--allow-loopback', '--tag', 'v2'];
    const pushing = otakit([...args, '--file', file, '--follow', '--log', log], {
      env: { OTAKIT_DATA: join(folder, 'data') },
    });
    await expect.poll(() => readFile(file, 'utf8')).toContain('"version": "v2"');
    await appendFile(log, `${UPDATE.slice(0, -1).join('\n')}\n`);
    await appendFile(
      log,
      'Loaded app from partition at offset 0x20000\nOTA firmware version: v2\n',
    );
    const { exitCode, stdout } = await pushing;
    expect(stdout).toContain(
      'fell back: the device has the new tag, but runs the old slot at 0x20000',
    );
    expect(exitCode).toBe(6);
  });

  it('tells a device that says nothing', async () => {
    await using made = await fleet();
    const { exitCode, stdout } = await made.push('--tag', 'v2', '--follow', '--silence', '1ms');
    expect(exitCode).toBe(5);
    expect(stdout).toContain('silent: nothing was heard of the device for');
  });

  it('stops following with Ctrl-C, and says what stays and how to undo it', async () => {
    await using made = await fleet();
    const interrupt = new AbortController();
    const args = ['push', '--url', made.image, '--allow-loopback', '--tag', 'v2', '--follow'];
    const { env } = made;
    const running = otakit([...args, ...made.target], { env, signal: interrupt.signal });
    await expect.poll(() => attributes(made.part.config)?.['version']).toBe('v2');
    interrupt.abort(new CliError('cli/interrupted', 'interrupted'));
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('the tag stays; `otakit config revert` undoes the push');
    expect((await otakit(['config', 'revert', ...made.target], { env })).exitCode).toBe(0);
    expect(made.part.config).toEqual(CONFIG);
  });
});

describe('otakit push and a cloud that does not answer', () => {
  it('ends with Ctrl-C all the same, and `config revert` knows what became of the write', async () => {
    await using made = await fleet();
    const { cloud, part, env, target } = made;
    cloud.inject({ kind: 'silent', method: 'UpdateRobotPart' });
    const args = ['push', '--url', made.image, '--allow-loopback', '--tag', 'v2', '--json'];
    await using running = startOtakit([...args, ...target], env);
    const kept = join(env.OTAKIT_DATA, 'config-undo');
    await expect.poll(() => readdir(kept).catch(() => [])).toHaveLength(1);
    running.interrupt();
    expect(await running.ended).toBe(130);
    expect(part.config).toEqual(CONFIG);
    cloud.clearFaults();
    const { exitCode, stdout } = await otakit(['config', 'revert', ...target], { env });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/nothing to undo, service .* already/);
    expect(part.config).toEqual(CONFIG);
  });
});
