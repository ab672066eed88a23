import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../machine-config/fixture.ts';
import { otakit } from '../../support/cli.ts';
import { startOtakit } from '../../support/running-cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

interface Listening {
  readonly url: string;
  readonly parts: readonly { readonly id: string; readonly secret: string }[];
  readonly apiKey: { readonly id: string; readonly key: string };
}

/** A virtual cloud on the command line, and a way to run other commands against it. */
async function running(...args: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'otakit-cloud-'));
  const file = join(folder, 'machine.json');
  await writeFile(file, fixture('app-triplet.json'));
  const started = startOtakit(['simulate', 'viam-cloud', '--config', file, '--json', ...args]);
  const { url, parts, apiKey } = (await started.nextEvent('listening')) as unknown as Listening;
  const env = {
    VIAM_API_KEY_ID: apiKey.id,
    VIAM_API_KEY: apiKey.key,
    OTAKIT_DATA: join(folder, 'data'),
  };
  return {
    ...started,
    file,
    folder,
    url,
    apiKey,
    partId: parts[0]?.id ?? '',
    partIds: parts.map(({ id }) => id),
    otakit: (command: readonly string[]) => otakit([...command, '--cloud', url], { env }),
    [Symbol.asyncDispose]: async () => {
      await started[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

describe('otakit simulate viam-cloud', () => {
  it('is what otakit config works on, by part, and writes changes back into the file', async () => {
    await using cloud = await running('--save');
    const part = ['--part', cloud.partId];
    const shown = await cloud.otakit(['config', 'show', ...part]);
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toContain('version  v1.0.0');
    const set = await cloud.otakit(['config', 'set', ...part, '--tag', 'v2']);
    expect(set.stderr).toBe('');
    expect(set.stdout).toContain('"v1.0.0" → "v2"');
    await cloud.nextEvent('config-written');
    await expect.poll(() => readFile(cloud.file, 'utf8')).toContain('"version": "v2"');
    const diff = await cloud.otakit(['config', 'diff', ...part]);
    expect(diff.stdout).toMatch(/-\s+"version": "v1.0.0"\n\+\s+"version": "v2"/);
    expect((await cloud.otakit(['config', 'revert', ...part])).exitCode).toBe(0);
    await expect.poll(() => readFile(cloud.file, 'utf8')).toContain('"version": "v1.0.0"');
    expect(await cloud.stop()).toBe(0);
  });

  it('keeps a fragment', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'otakit-fragment-'));
    const file = join(folder, 'fragment.json');
    await writeFile(file, fixture('app-triplet.json'));
    const machine = join(folder, 'held.json');
    await writeFile(machine, '{"fragments": [{"id": "fleet", "version": "stable"}]}');
    const fragment = ['--fragment', `fleet=${file}`, '--fragment-tag', 'fleet=stable'];
    await using cloud = await running(...fragment, '--config', machine);
    const set = await cloud.otakit(['config', 'set', '--fragment', 'fleet', '--tag', 'v2']);
    expect(set.stdout).toContain('fragment fleet: service OTA, version "v1.0.0" → "v2"');
    expect(set.stderr).toContain(
      'fragment fleet: warning machine-config/fragment-pinned: 1 machine uses the fragment at version "stable", and no edit of it gets there',
    );
    const held = await cloud.otakit(['config', 'show', '--part', cloud.partIds[1] ?? '']);
    expect(held.stdout).toContain('service  OTA (from fragment fleet at version "stable")');
    expect(held.stdout).toContain('version  v1.0.0');
    await rm(folder, { recursive: true });
  });

  it('takes no strange tag for a fragment', async () => {
    const folder = await temporaryFolder();
    const config = join(folder, 'machine.json');
    await writeFile(config, '{}');
    for (const tag of ['fleet=v1', 'nobody=stable']) {
      const command = ['simulate', 'viam-cloud', '--config', config];
      const fragment = ['--fragment', `fleet=${config}`, '--fragment-tag', tag];
      const { exitCode, stderr } = await otakit([...command, ...fragment]);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('simulator/fragment-tag');
    }
  });

  it('takes the key from a file', async () => {
    await using cloud = await running();
    const file = join(cloud.folder, 'key');
    const { id, key } = cloud.apiKey;
    const show = () =>
      otakit([
        'config',
        'show',
        '--part',
        cloud.partId,
        '--cloud',
        cloud.url,
        '--api-key-file',
        file,
      ]);
    await writeFile(file, `export VIAM_API_KEY_ID="${id}"\nVIAM_API_KEY=${key}\n`);
    expect((await show()).exitCode).toBe(0);
    // As `simulate viam-cloud` prints it, below an older one.
    const older = `# export VIAM_API_KEY_ID=old VIAM_API_KEY='old'\r\n`;
    await writeFile(file, `${older}export VIAM_API_KEY_ID=${id} VIAM_API_KEY='${key}'\r\n`);
    expect((await show()).exitCode).toBe(0);
    await writeFile(file, JSON.stringify({ id, key }));
    expect((await show()).exitCode).toBe(0);
    await writeFile(file, `{ "id": "${id}", "key": "${key}"`);
    const broken = await show();
    expect(broken).toMatchObject({ exitCode: 2 });
    expect(broken.stderr).not.toContain(key);
    const missing = await otakit(['config', 'show', '--part', 'x', '--cloud', cloud.url]);
    expect(missing.stderr).toContain('VIAM_API_KEY_ID');
  });

  it('speaks TLS to whoever was given its certificate', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'cert.pem');
    await using cloud = await running('--tls', '--certificate', file);
    const { id, key } = cloud.apiKey;
    const show = (trust: object) =>
      promisify(execFile)(
        process.execPath,
        [join(REPOSITORY, 'src/main.ts'), 'config', 'show', '--part', cloud.partId].concat([
          '--cloud',
          cloud.url,
        ]),
        { env: { ...process.env, VIAM_API_KEY_ID: id, VIAM_API_KEY: key, ...trust } },
      );
    expect((await show({ NODE_EXTRA_CA_CERTS: file })).stdout).toContain('version  v1.0.0');
    await expect(show({})).rejects.toMatchObject({
      code: 5,
      stderr: expect.stringMatching(
        /cloud-unreachable.*certificate[^]*hint: .*NODE_EXTRA_CA_CERTS/,
      ),
    });
    const unused = await otakit([
      'simulate',
      'viam-cloud',
      '--config',
      cloud.file,
      '--certificate',
      file,
    ]);
    expect(unused).toMatchObject({ exitCode: 2 });
  });

  it('fails on request', async () => {
    await using cloud = await running('--read-only', '--fault', 'unavailable@GetRobotPart*1');
    const part = ['--part', cloud.partId];
    const first = await cloud.otakit(['config', 'show', ...part]);
    expect(first).toMatchObject({ exitCode: 5 });
    expect(first.stderr).toContain('machine-config/cloud-unreachable');
    const set = await cloud.otakit(['config', 'set', ...part, '--tag', 'v2']);
    expect(set).toMatchObject({ exitCode: 5 });
    expect(set.stderr).toContain('machine-config/not-permitted');
  });

  it('refuses faults and ports that there are not', async () => {
    for (const args of [
      ['--fault', 'gremlins'],
      ['--fault', 'slow'],
      ['--fault', 'denied=5s'],
      ['--port', '70000'],
      ['--token-lifetime', 'soon'],
      ['--api-key', 'nocolon'],
    ]) {
      const command = ['simulate', 'viam-cloud', '--config', '/nonexistent/x.json'];
      const folder = await mkdtemp(join(tmpdir(), 'otakit-cloud-'));
      const file = join(folder, 'machine.json');
      await writeFile(file, '{}');
      const result = await otakit([...command.slice(0, 3), file, ...args]);
      expect(result).toMatchObject({ exitCode: 2 });
      await rm(folder, { recursive: true });
    }
  });

  it('says that a port is taken', async () => {
    await using cloud = await running();
    const { port } = new URL(cloud.url);
    const second = await otakit(['simulate', 'viam-cloud', '--config', cloud.file, '--port', port]);
    expect(second).toMatchObject({ exitCode: 5 });
    expect(second.stderr).toContain('error simulator/cloud-cannot-listen: ');
  });
});
