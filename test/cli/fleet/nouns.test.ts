import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { otakit } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const IMAGE = 'firmware-samples/images/hello-esp32c3-1.0.0.bin';
const TABLE = 'partitions/ota-4mb.csv';

describe('the nouns of the fleet, over a folder', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  /** Runs a command on the folder; it has to end well. */
  async function run(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await otakit([...args, '--data', join(folder, 'fleet')]);
    expect([args.join(' '), exitCode, stderr]).toEqual([args.join(' '), 0, expect.any(String)]);
    return stdout;
  }
  const json = async <T>(...args: readonly string[]) =>
    JSON.parse(await run(...args, '--json')) as T;
  const fails = (...args: readonly string[]) => otakit([...args, '--data', join(folder, 'fleet')]);

  it('take an image from a blueprint to a cohort', async () => {
    await run('package', 'create', 'main', '--description', 'the app', '--metadata', 'team=a');
    await run('blueprint', 'create', 'c3', '--chip', 'esp32c3', '-p', TABLE);
    expect(await run('artifact', 'create', IMAGE, '--blueprint', 'c3')).toMatch(
      /^art_\w{20} {2}main@1\.0\.0, 64\.4 KB, for c3\n$/,
    );
    const { list } = await json<{ list: readonly { artifactId: string }[] }>('artifact', 'list');
    const artifactId = list[0]?.artifactId ?? '';
    await run('artifact', 'update', artifactId, '--release-notes', 'first');
    const shown = await json<{ releaseNotes: string; image: { chip: string } }>(
      'artifact',
      'show',
      artifactId,
    );
    expect(shown).toMatchObject({ releaseNotes: 'first', image: { chip: 'esp32c3' } });
    const copy = join(folder, 'copy.bin');
    await run('artifact', 'download', artifactId, '-o', copy);
    expect(await readFile(copy)).toEqual(await readFile(IMAGE));
    const { deploymentId } = await json<{ deploymentId: string }>(
      'deployment',
      'create',
      '--components',
      'main@1.0.0',
      '--name',
      'first',
    );
    await run('cohort', 'create', 'production');
    await run('cohort', 'update', 'production', '--deployment', deploymentId);
    expect(await run('cohort', 'list')).toContain(deploymentId);
    expect(await run('package', 'show', 'main')).toContain(artifactId);
    expect(await run('audit')).toContain('cohort.update');
    expect((await run('events', '--type', 'cohort.deployed')).split('\n')).toHaveLength(2);
    const inUse = await fails('artifact', 'delete', artifactId);
    expect(inUse.exitCode).toBe(3);
    expect(inUse.stderr).toContain('fleet/in-use');
  });

  it('handle devices, their tags, secrets and commands', async () => {
    await run('cohort', 'create', 'bench');
    await run('tag', 'create', 'beta');
    const file = join(folder, 'secret');
    await run('device', 'create', 'd1', '--name', 'door', '--secret-file', file);
    expect(await readFile(file, 'utf8')).toMatch(/^otd_[\w-]{43}\n$/);
    expect(await run('device', 'rotate-secret', 'd1')).toMatch(/^otd_[\w-]{43}\n$/);
    await run('device', 'update', 'd1', '--cohort', 'bench', '--add-tag', 'beta');
    expect(await run('device', 'list', '--tag', 'beta')).toMatch(/d1 .*door .*bench .*beta/);
    expect(await run('cohort', 'drop', 'bench', 'd1')).toBe('d1 is no longer in bench\n');
    expect(await run('cohort', 'add', 'bench', 'd1')).toBe('d1 is now in bench\n');
    await run('device', 'disable', 'd1');
    expect(await run('device', 'list', '--disabled')).toContain('d1');
    await run('device', 'enable', 'd1');
    const { commandId } = await json<{ commandId: string }>(
      'command',
      'send',
      'd1',
      'reboot',
      '--payload',
      '{"after": 5}',
      '--expires',
      '1h',
    );
    expect(await run('command', 'list', '--state', 'queued')).toContain(commandId);
    expect(await run('command', 'cancel', commandId)).toMatch(/state +cancelled/);
    await run('device', 'delete', 'd1');
    expect((await fails('device', 'show', 'd1')).exitCode).toBe(3);
  });

  it('sign an image, and let it in with its signature or none', async () => {
    const key = join(folder, 'key.pem');
    const signature = join(folder, 'app.sig');
    expect((await otakit(['sign', 'keygen', '-o', key])).exitCode).toBe(0);
    const what = ['--package', 'main', '--version', '1.0.0', '--blueprint', 'c3'];
    const signed = await otakit(['sign', 'sign', IMAGE, '--key', key, ...what, '-o', signature]);
    expect([signed.exitCode, signed.stderr]).toEqual([0, expect.any(String)]);
    await run('package', 'create', 'main');
    await run('blueprint', 'create', 'c3', '--chip', 'esp32c3', '-p', TABLE);
    const create = ['artifact', 'create', IMAGE, '--blueprint', 'c3', '--signature', signature];
    const unknown = await fails(...create);
    expect([unknown.exitCode, unknown.stderr]).toEqual([3, expect.stringContaining('unknown-key')]);
    expect((await json<{ total: number }>('artifact', 'list')).total).toBe(0);
    await run('key', 'add', join(folder, 'key.pub.pem'), '--name', 'release');
    const made = await json<{ artifactId: string; signatures: unknown[] }>(...create);
    expect(made.signatures).toHaveLength(1);
    const { keyId } = JSON.parse(await readFile(signature, 'utf8')) as { keyId: string };
    expect(await run('key', 'revoke', keyId)).toMatch(/revoked +\d{4}-/);
    const again = await fails('artifact', 'add-signature', made.artifactId, signature);
    expect(again.stderr).toContain('fleet/key-revoked');
  });

  it('leave no deployment behind where what it was for is refused, and bring an older one back', async () => {
    await run('package', 'create', 'model', '--kind', 'binary');
    const model = join(folder, 'model.bin');
    await writeFile(model, 'weights');
    await run('artifact', 'create', model, '--package', 'model', '--version', '7');
    await run('cohort', 'create', 'bench');
    const { deploymentId } = await json<{ deploymentId: string }>(
      'deployment',
      'create',
      '--components',
      'model@7',
    );
    await run('rollout', 'start', '--deployment', deploymentId, '--cohort', 'bench');
    const what = ['--components', 'model@7'];
    for (const [code, ...args] of [
      ['fleet/not-found', 'rollout', 'start', ...what, '--cohort', 'nowhere'],
      ['fleet/rollout-active', 'rollout', 'start', ...what, '--cohort', 'bench'],
      ['fleet/not-found', 'release', 'create', ...what, '--tags', 'nobody'],
      ['fleet/not-found', 'release', 'create', ...what, '--blueprint', 'none'],
    ] as const) {
      const { exitCode, stderr } = await fails(...args);
      expect([args, exitCode, stderr]).toEqual([args, 3, expect.stringContaining(code)]);
    }
    expect((await json<{ total: number }>('deployment', 'list')).total).toBe(1);
    expect((await fails('deployment', 'create')).stderr).toContain('cli/usage');
    expect(await json('deployment', 'create', '--restores', deploymentId)).toMatchObject({
      sequence: 2,
      restores: deploymentId,
      components: [{ packageId: 'model', version: '7' }],
    });
  });

  it('handle tokens, keys, releases and webhooks', async () => {
    expect(await run('token', 'create', 'ci', '--role', 'uploader', '--expires', '90d')).toMatch(
      /^otk_[\w-]{43}\n$/,
    );
    const { list } = await json<{ list: readonly { tokenId: string }[] }>('token', 'list');
    expect(await run('token', 'revoke', list[0]?.tokenId ?? '')).toMatch(/revoked +\d{4}-/);
    const key = join(folder, 'key.pem');
    expect((await otakit(['sign', 'keygen', '-o', key])).exitCode).toBe(0);
    const refused = await fails('key', 'add', key, '--name', 'oops');
    expect(refused.stderr).toContain('fleet/bad-key');
    await run('package', 'create', 'model', '--kind', 'binary');
    const model = join(folder, 'model.bin');
    await writeFile(model, 'weights');
    await run('artifact', 'create', model, '--package', 'model', '--version', '7');
    const { releaseId } = await json<{ releaseId: string }>(
      'release',
      'create',
      '--components',
      'model@7',
      '--release-tags',
      'r7',
    );
    expect(await run('release', 'update', releaseId, '--rollout', 'true')).toMatch(/enabled +yes/);
    expect(await run('release', 'list', '--rollout', 'true')).toContain('r7');
    for (const tag of ['alpha', 'beta']) await run('tag', 'create', tag);
    // As goliothctl has it.
    const golioth = ['--addDeviceTag', 'alpha', '--addDeviceTag=beta', '--rmReleaseTag', 'r7'];
    await run('release', 'update', releaseId, ...golioth, '--addReleaseTag', 'seven');
    const aimed = ['release', 'update', releaseId, '--rmDeviceTag', 'alpha', '--rollout', 'false'];
    expect(await json(...aimed)).toMatchObject({
      deviceTags: ['beta'],
      releaseTags: ['seven'],
      enabled: false,
    });
    const another = ['artifact', 'create', model, '--pkg', 'model', '--version', '8'];
    expect(await json(...another)).toMatchObject({ packageId: 'model', version: '8' });
    expect(await run('artifact', 'list', '--pkg', 'model', '--version', '8')).toContain('model');
    await run('release', 'delete', releaseId);
    await run('webhook', 'create', 'https://example.com/hook', '--event', 'rollout.*');
    expect(await run('webhook', 'list')).toContain('https://example.com/hook');
  });

  it.each([
    ['a duration', ['token', 'create', 'x', '--role', 'viewer', '--expires', 'soon'], 2],
    ['a role', ['token', 'create', 'x', '--role', 'king'], 2],
    ['a size', ['blueprint', 'create', 'b', '-c', 'esp32', '-p', TABLE, '--flash-size', 'big'], 2],
    ['a chip', ['blueprint', 'create', 'b', '-c', 'esp99', '-p', TABLE], 2],
    ['a page', ['package', 'list', '--page', 'x'], 2],
    ['a size of a page', ['package', 'list', '--per-page', '1001'], 2],
    ['a chip to look for', ['blueprint', 'list', '--chip', 'esp99'], 2],
    ['a change', ['cohort', 'update', 'c'], 2],
    ['a change of a device', ['device', 'update', 'd'], 2],
    ['a provisioner', ['token', 'create', 'x', '--role', 'viewer', '--cohort', 'c'], 2],
    ['known bytes', ['artifact', 'create', '--uri', 'http://example.com/app.bin'], 2],
    ['a time', ['rollout', 'start', '--cohort', 'c', '--deployment', 'd', '--time-zone', 'UTC'], 2],
    [
      'a window that ends',
      ['rollout', 'start', '--cohort', 'c', '--deployment', 'd', '--window', '01:00-01:00'],
      2,
    ],
    ['JSON', ['command', 'send', 'd1', 'reboot', '--payload', '{'], 2],
    [
      'a percentage',
      ['rollout', 'start', '--cohort', 'c', '--deployment', 'd', '--canary', '200'],
      2,
    ],
    [
      'a window',
      ['rollout', 'start', '--cohort', 'c', '--deployment', 'd', '--window', '25:00'],
      2,
    ],
    ['what to deliver', ['rollout', 'start', '--cohort', 'c'], 2],
    ['a file', ['artifact', 'create', 'none.bin'], 3],
    ['an id', ['cohort', 'create', '../etc'], 3],
    ['metadata', ['package', 'create', 'm', '--metadata', 'team'], 2],
  ])('refuse what is not %s', async (_what, args, exitCode) => {
    const result = await fails(...args);
    expect(result.stderr).toMatch(/^error [a-z]+\/[a-z-]+: .+/);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stdout).toBe('');
  });

  it('say what is wrong with a value in words of the command line', async () => {
    const { stderr } = await fails('cohort', 'create', 'a/b');
    expect(stderr).toBe(
      'error server/invalid-request: body: cohortId: must be 1 to 64 letters, digits and . _ : -, ' +
        'a letter or digit first\nhint: `--help` after the command says what it takes.\n',
    );
  });

  it('take for a token only what is one', async () => {
    const server = ['--server', 'http://127.0.0.1:9'];
    const lines = await otakit(['package', 'list', ...server], { env: { OTAKIT_TOKEN: 'a\nb' } });
    expect([lines.exitCode, lines.stderr]).toEqual([2, expect.stringContaining('is no token')]);
    const inside = await otakit(['package', 'list', '--server', 'http://me:pw@127.0.0.1:9'], {
      env: { OTAKIT_TOKEN: 'otk_x' },
    });
    expect([inside.exitCode, inside.stderr]).toEqual([2, expect.not.stringContaining('pw')]);
    const args = ['package', 'list', ...server, '--token-file', 'README.md'];
    expect((await otakit(args)).exitCode).toBe(2);
    const simulate = ['simulate', 'fleet', ...server, '--provision-with', 'README.md'];
    const simulated = await otakit(simulate, { env: { OTAKIT_DATA: folder } });
    expect([simulated.exitCode, simulated.stderr]).toEqual([
      2,
      expect.stringContaining('is no token'),
    ]);
  });

  it('print every event, however many there are', async () => {
    await using many = await serve((path) => {
      const query = new URL(path, 'http://x').searchParams;
      const [after, limit] = [Number(query.get('after')), Number(query.get('limit'))];
      const length = Math.min(limit, 1500 - after);
      const list = Array.from({ length }, (_, at) => ({ eventId: after + at + 1, data: {} }));
      return JSON.stringify({ list });
    });
    const env = { OTAKIT_SERVER: many.url, OTAKIT_TOKEN: 'otk_x' };
    const { stdout } = await otakit(['events', '--json'], { env });
    expect(stdout.match(/\n/g)).toHaveLength(1500);
    const later = await otakit(['events', '--json', '--after', '1498'], { env });
    expect(later.stdout.match(/\n/g)).toHaveLength(2);
    expect((await fails('events', '--after', 'x')).exitCode).toBe(2);
  });

  it('say where they cannot reach a server, and what a token lacks', async () => {
    const env = { OTAKIT_SERVER: 'http://127.0.0.1:9', OTAKIT_TOKEN: 'otk_x' };
    const gone = await otakit(['package', 'list'], { env });
    expect([gone.exitCode, gone.stderr]).toEqual([
      5,
      expect.stringContaining('cli/server-unreachable'),
    ]);
    await using other = await serve(() => '<html>a router</html>');
    const env2 = { OTAKIT_SERVER: other.url, OTAKIT_TOKEN: 'otk_x' };
    const wrong = await otakit(['package', 'list'], { env: env2 });
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      5,
      expect.stringContaining('cli/server-answer'),
    ]);
    const noToken = await otakit(['package', 'list', '--server', 'http://127.0.0.1:9']);
    expect([noToken.exitCode, noToken.stderr]).toEqual([
      2,
      expect.stringContaining('OTAKIT_TOKEN'),
    ]);
    const both = await fails('package', 'list', '--server', 'http://127.0.0.1:9');
    expect(both.exitCode).toBe(2);
  });
});

/** A server that answers each path with a text. */
async function serve(
  answer: (path: string) => string,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(({ url = '' }, response) => response.end(answer(url)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
