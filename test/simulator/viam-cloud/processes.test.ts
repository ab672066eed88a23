import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildTestApp } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { respondWith, serveHttp2 } from '../../support/http2-server.ts';
import { startOtakit } from '../../support/otakit-process.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

interface Key {
  readonly id: string;
  readonly key: string;
}

describe('the virtual cloud and the virtual device, as two processes', () => {
  it('find each other by viam.json, and a tag that is set in the one arrives in the other', async () => {
    const folder = await temporaryFolder();
    const [config, viamJson] = [join(folder, 'machine.json'), join(folder, 'viam.json')];
    await writeFile(config, '{"note": "kept"}');
    await using server = await serveHttp2(
      respondWith(await buildTestApp({ descriptor: { version: '2.0.0' } })),
    );
    const simulate = (...args: string[]) => startOtakit(['simulate', ...args, '--json']);
    await using cloud = simulate('viam-cloud', '--config', config, '--viam-json', viamJson);
    const { url, apiKey } = await cloud.event('listening');
    expect((await stat(viamJson)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(viamJson, 'utf8'))).toMatchObject({
      cloud: { app_address: url },
    });
    await using device = simulate('micro-rdk', '--cloud', viamJson, '--poll', '100ms', '--once');
    const { part, version } = await cloud.event('device');
    expect(version).toBe('0.5.1');
    const { id, key } = apiKey as Key;
    const target = ['--cloud', String(url), '--part', String(part)];
    const settings = ['--url', `${server.origin}/app.bin`, '--tag', 'v2', '--allow-loopback'];
    const set = await otakit(['config', 'set', ...target, ...settings], {
      env: { VIAM_API_KEY_ID: id, VIAM_API_KEY: key, OTAKIT_DATA: join(folder, 'data') },
    });
    expect(set).toMatchObject({ exitCode: 0 });
    expect(await device.event('rebooted')).toMatchObject({ reason: 'update', tag: 'v2' });
    expect(await device.ended).toBe(0);
    let line = '';
    while (!line.startsWith('OTA firmware version')) {
      line = String((await cloud.event('log'))['message']);
    }
    expect(line).toBe('OTA firmware version: v2');
  });

  it('the login of a machine in the real app is not overwritten', async () => {
    const folder = await temporaryFolder();
    const [config, viamJson] = [join(folder, 'machine.json'), join(folder, 'viam.json')];
    const real = '{"cloud":{"app_address":"https://app.viam.com:443","id":"i","secret":"s"}}';
    await writeFile(config, '{}');
    await writeFile(viamJson, real);
    const { exitCode, stderr } = await otakit(
      ['simulate', 'viam-cloud', '--config', config].concat(['--viam-json', viamJson]),
    );
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('cli/file-exists');
    expect(await readFile(viamJson, 'utf8')).toBe(real);
  });
});
