import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventsUrl } from '../../../src/serve/index.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { type OtakitProcess, startOtakit } from '../../support/otakit-process.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const TABLE = join(REPOSITORY, 'partitions/micro-rdk-8mb.csv');

function started(args: readonly string[]): OtakitProcess {
  const child = startOtakit(args);
  onTestFinished(() => child[Symbol.asyncDispose]());
  return child;
}

/** `otakit serve` in a process of its own, and a config that names nothing of it yet. */
async function serving() {
  const folder = await temporaryFolder();
  const [image, config] = [join(folder, 'app.bin'), join(folder, 'machine.json')];
  await writeFile(image, await buildTestApp({ descriptor: { version: '2.0.0' } }));
  await writeFile(config, '{"services": []}\n');
  const server = started(
    ['serve', image, '--partitions', TABLE, '--bind', '127.0.0.1', '--host', '127.0.0.1'].concat([
      '--port',
      '0',
      '--no-announce',
      '--data',
      folder,
      '--json',
    ]),
  );
  const { url, tag } = (await server.event('listening')) as { url: string; tag: string };
  const env = { OTAKIT_DATA: join(folder, 'data') };
  const push = (...args: readonly string[]) =>
    otakit(
      ['push', '--url', url, '--tag', tag, '--allow-loopback', '--file', config, '--follow'].concat(
        args,
      ),
      { env },
    );
  return { folder, config, server, url, tag, push };
}

/** A device that lives from the config in a file, in a process of its own. */
const device = (config: string) =>
  started(
    ['simulate', 'micro-rdk', '--config', config, '--partitions', TABLE, '--json'].concat([
      '--poll',
      '50ms',
      '--erase-time',
      '0s',
    ]),
  );

describe('otakit push --follow, with otakit serve in another process', () => {
  it('follows a download without any log, and says that it saw no boot', async () => {
    const { config, tag, push, url } = await serving();
    const micro = device(config);
    await micro.event('booted');
    const { exitCode, stdout, stderr } = await push();
    expect(stderr).toContain(`watching the downloads at ${new URL(url).host}\n`);
    expect(stderr).toMatch(/127\.0\.0\.1 {2}downloads \(HTTP\/2\)\n127\.0\.0\.1 {2}complete: /);
    expect(stderr).not.toContain(new URL(url).pathname.split('/')[1]);
    expect(stdout).toContain('downloaded: 127.0.0.1 has all ');
    expect(stdout).toContain('no log shows whether it runs them');
    expect(exitCode).toBe(0);
    expect(await readFile(config, 'utf8')).toContain(tag);
    expect(await micro.event('rebooted')).toMatchObject({ reason: 'update', tag });
  });

  it('reports what it saw as JSON', async () => {
    const { config, push } = await serving();
    const micro = device(config);
    await micro.event('booted');
    const { stdout } = await push('--json');
    expect(JSON.parse(stdout)).toMatchObject({
      results: [{ written: true, verdict: { outcome: 'downloaded', device: '127.0.0.1' } }],
    });
  });

  it('does not take its own preflight for a device', async () => {
    const { push } = await serving();
    const { exitCode, stdout, stderr } = await push('--silence', '200ms');
    expect(exitCode).toBe(5);
    expect(stderr).not.toContain('downloads (');
    expect(stdout).toContain('silent: nothing was heard of the device for');
  });

  it('says that there is nothing to follow by once the server is gone', async () => {
    const { push, server } = await serving();
    await server[Symbol.asyncDispose]();
    const { exitCode, stderr } = await push('--no-preflight');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--follow has nothing to read the device by');
  });
});

describeWithPeers(['curl'], 'the event stream, read by curl', ([curl = '']) => {
  it('is there for whoever has the URL, and for nobody else', async () => {
    const { url, server } = await serving();
    const events = eventsUrl(url) ?? '';
    const child = spawn(curl, ['--silent', '--no-buffer', '--include', events]);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await expect.poll(() => text).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream/);
    const download = spawn(curl, [
      '--silent',
      '--output',
      '/dev/null',
      '--http2-prior-knowledge',
      url,
    ]);
    await once(download, 'close');
    await expect.poll(() => text).toMatch(/\nevent: complete\ndata: \{"event":"complete",.*\}\n\n/);
    expect(await server.event('complete')).toMatchObject({ device: '127.0.0.1' });
    const wrong = events.replace(/\/[\w-]{28}\//, `/${'A'.repeat(28)}/`);
    const refused = spawn(curl, ['--silent', '--write-out', '%{http_code}', wrong]);
    let status = '';
    refused.stdout.setEncoding('utf8').on('data', (chunk: string) => (status += chunk));
    await once(refused, 'close');
    expect(status).toBe('Forbidden\n403');
    expect(await server.event('rejected')).toMatchObject({ reason: 'wrong-token' });
  });
});
