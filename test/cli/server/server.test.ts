import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { localServer } from '../../../src/cli/server/local-server.ts';
import { readServerFile } from '../../../src/server/index.ts';
import { otakit } from '../../support/cli.ts';
import { startOtakit } from '../../support/running-cli.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const QUIET = ['--port', '0', '--bind', '127.0.0.1', '--log', 'silent', '--json'];

function start(folder: string) {
  const running = startOtakit(['server', '--data', folder, ...QUIET]);
  onTestFinished(() => running[Symbol.asyncDispose]());
  return running;
}

describe('otakit server', () => {
  it('makes an admin token at the first start, and only then', async () => {
    const folder = await temporaryFolder();
    const first = start(folder);
    const listening = await first.nextEvent('listening');
    const token = String(listening['firstToken']);
    expect(token).toMatch(/^otk_[\w-]{43}$/);
    const ask = (path: string) =>
      fetch(`${String(listening['url'])}${path}`, {
        headers: { Authorization: `Bearer ${token}` },
      });
    expect((await ask('/api/v1/tokens')).status).toBe(200);
    expect(await first.stop()).toBe(0);
    const second = start(folder);
    expect((await second.nextEvent('listening'))['firstToken']).toBeNull();
    expect(await second.stop()).toBe(0);
  });

  it('is found by commands on the same machine while it runs', async () => {
    const folder = await temporaryFolder();
    const running = start(folder);
    const { url } = await running.nextEvent('listening');
    const file = await readServerFile(folder);
    expect(file).toMatchObject({ url, pid: process.pid });
    {
      await using local = await localServer(folder, new AbortController().signal);
      expect(local.url).toBe(url);
      const headers = { Authorization: `Bearer ${local.token}` };
      expect((await fetch(`${local.url}/api/v1/tokens`, { headers })).status).toBe(200);
    }
    expect(await running.stop()).toBe(0);
    expect(await readServerFile(folder)).toBeNull();
    await using own = await localServer(folder, new AbortController().signal);
    const headers = { Authorization: `Bearer ${own.token}` };
    expect((await fetch(`${own.url}/api/v1/tokens`, { headers })).status).toBe(200);
    expect(await readServerFile(folder)).toBeNull();
  });

  it('and commands that start at the same time wait for each other', async () => {
    const folder = await temporaryFolder();
    const early = otakit(['cohort', 'create', 'early', '--data', folder]);
    const running = start(folder);
    const late = otakit(['cohort', 'create', 'late', '--data', folder]);
    expect(await Promise.all([early, late])).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }]);
    await running.nextEvent('listening');
    const listed = await otakit(['cohort', 'list', '--data', folder, '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject({ total: 2 });
    expect(await running.stop()).toBe(0);
  });

  it('does not share its folder or its port', async () => {
    const folder = await temporaryFolder();
    const running = start(folder);
    await running.nextEvent('listening');
    const second = await otakit(['server', '--data', folder, ...QUIET]);
    expect(second.exitCode).toBe(3);
    expect(second.stderr).toContain('fleet/folder-in-use');
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await new Promise((resolve) => taken.once('listening', resolve));
    const port = String((taken.address() as AddressInfo).port);
    const other = await temporaryFolder();
    const args = ['server', '--data', other, '--bind', '127.0.0.1', '--port', port];
    const third = await otakit([...args, '--log', 'silent']);
    expect(third.exitCode).toBe(5);
    expect(third.stderr).toContain('serve/port-taken');
  });

  it.each([
    [['--port', '70000'], 'is no port'],
    [['--public-url', 'ota.example.com'], 'is no web address'],
    [['--public-url', 'https://x/?a=1'], 'is no web address'],
    [['--max-artifact', 'big'], '--max-artifact big is no size'],
    [['--min-free', '0'], '--min-free 0 is no size'],
    [['--connections-per-address', '0'], 'is no count'],
    [['--connections-per-address', 'many'], 'is no count'],
    [['--log', 'loud'], 'Allowed choices'],
  ])('%j is refused', async (args, message) => {
    const { exitCode, stderr } = await otakit([
      'server',
      '--data',
      await temporaryFolder(),
      ...args,
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });

  it('says in its help how it is run', async () => {
    const { stdout } = await otakit(['server', '--help']);
    expect(stdout).toContain('otakit server --data /var/lib/otakit');
    expect(stdout).toContain('--require-signatures');
  });
});

describe('otakit server backup and restore', () => {
  it('save a fleet while its server runs, and bring it back', async () => {
    const folder = await temporaryFolder();
    const file = join(await temporaryFolder(), 'fleet.tar');
    const running = start(folder);
    await running.nextEvent('listening');
    const at = ['--data', folder];
    expect((await otakit(['cohort', 'create', 'before', ...at])).exitCode).toBe(0);
    const saved = await otakit(['server', 'backup', '-o', file, ...at]);
    expect(saved.stderr).toBe('');
    expect(saved.stdout).toContain('the whole fleet');
    const again = await otakit(['server', 'backup', '-o', file, ...at]);
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain('cli/file-exists');
    expect((await otakit(['cohort', 'create', 'after', ...at])).exitCode).toBe(0);
    const restored = await otakit(['server', 'restore', file, ...at]);
    expect(restored.stderr).toBe('');
    expect(restored.stdout).toContain('0 artifacts, 0 devices');
    const cohorts = await otakit(['cohort', 'list', '--json', ...at]);
    expect(cohorts.stdout).toContain('before');
    expect(cohorts.stdout).not.toContain('after');
    expect(await running.stop()).toBe(0);
  });

  it('work on a folder without a server, and refuse what is no backup', async () => {
    const at = ['--data', await temporaryFolder()];
    const file = join(await temporaryFolder(), 'fleet.tar');
    expect((await otakit(['server', 'backup', '-o', file, ...at])).exitCode).toBe(0);
    expect((await otakit(['server', 'restore', file, '--json', ...at])).exitCode).toBe(0);
    await writeFile(file, 'no archive');
    const refused = await otakit(['server', 'restore', file, ...at]);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain('fleet/bad-archive');
    const missing = await otakit(['server', 'restore', `${file}.missing`, ...at]);
    expect(missing.stderr).toContain('cli/file-not-readable');
  });
});
