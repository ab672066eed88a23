import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../machine-config/fixture.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';

async function workspace(config = fixture('app-triplet.json')) {
  const folder = await mkdtemp(join(tmpdir(), 'otakit-config-'));
  const file = join(folder, 'machine.json');
  await writeFile(file, config);
  const env = { OTAKIT_DATA: join(folder, 'data') };
  return {
    file,
    data: env.OTAKIT_DATA,
    text: () => readFile(file, 'utf8'),
    config: (verb: string, ...args: string[]) =>
      otakit(['config', verb, '--file', file, ...args], { env }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

describe('otakit config show', () => {
  it('shows the service as the device sees it, without tokens', async () => {
    await using work = await workspace();
    const { exitCode, stdout, stderr } = await work.config('show');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^service {2}OTA \(from this config\)\nmodel {4}rdk:builtin:ota_service\nurl {6}http:\/\/192.168.1.20:3232\/app.bin\?token=\*\*\*\(.{4}\)\nversion {2}v1.0.0\n$/,
    );
    expect(stderr).toBe('');
  });

  it('shows the whole config, masked, and as JSON with what is wrong', async () => {
    await using work = await workspace(fixture('numeric-version-minified.json'));
    const shown = await work.config('show', '--document');
    expect(shown.stdout).toBe(`${fixture('numeric-version-minified.json')}\n`);
    expect(shown.stderr).toContain('machine.json: error machine-config/tag-not-text: ');
    const json = JSON.parse((await work.config('show', '--json')).stdout) as unknown;
    expect(json).toMatchObject({
      target: `file:${work.file}`,
      services: [{ name: 'updater', from: { kind: 'own' }, version: 7 }],
      issues: [{ code: 'machine-config/tag-not-text' }],
      config: { services: [{ name: 'updater' }] },
    });
  });

  it('masks the tokens in a URL that is no text', async () => {
    const attributes = { url: ['http://10.0.0.5:1/a.bin?token=s3cretS3cret'], version: 'v1' };
    await using work = await workspace(
      JSON.stringify({ services: [{ name: 'OTA', model: 'ota_service', attributes }] }),
    );
    for (const args of [[], ['--json'], ['--document']]) {
      const { stdout, stderr } = await work.config('show', ...args);
      expect(stderr + stdout).toContain('token=***(');
      expect(stderr + stdout).not.toContain('s3cret');
    }
    const set = await work.config(
      'set',
      '--url',
      'http://10.0.0.5:1/b.bin',
      '--tag',
      'v2',
      '--json',
    );
    expect(set.stdout).toContain('token=***(');
    expect(set.stdout).not.toContain('s3cret');
    expect((await work.config('revert', '--json')).stdout).not.toContain('s3cret');
  });

  it('points at a syntax error', async () => {
    await using work = await workspace('{\n  "services": [\n  }');
    const { exitCode, stderr } = await work.config('show');
    expect(exitCode).toBe(3);
    expect(stderr).toContain('error machine-config/syntax: machine.json, line 3, column 3: ');
  });

  it('wants to know which config', async () => {
    const { exitCode, stderr } = await otakit(['config', 'show']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--file');
  });
});

describe('otakit config set, diff and revert', () => {
  it('changes the two values, shows the difference, and undoes it to the byte', async () => {
    await using work = await workspace();
    const before = await work.text();
    const url = 'http://192.168.1.20:3232/app.bin?token=other0123456789';
    const done = await work.config('set', '--url', url, '--tag', 'v1.1.0');
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    expect(done.stdout).toMatch(
      /machine.json: service OTA, version "v1.0.0" → "v1.1.0", url "http/,
    );
    expect(done.stdout).not.toContain('other0123456789');
    expect(await work.text()).toContain(url);

    const { stdout } = await work.config('diff');
    expect(stdout).toContain('-         "version": "v1.0.0"\n');
    expect(stdout).toContain('+         "version": "v1.1.0"\n');
    expect(stdout).toContain('+         "url": "http');
    expect(stdout).not.toContain('components');

    const planned = await work.config('revert', '--dry-run');
    expect(planned.stdout).toContain('+         "version": "v1.0.0"\n');
    const undone = await work.config('revert');
    expect(undone.stdout).toContain('service OTA is back at version "v1.0.0"');
    expect(await work.text()).toBe(before);
    expect((await work.config('revert')).exitCode).toBe(2);
  });

  it('undoes several edits one by one', async () => {
    await using work = await workspace('{"services": []}');
    await work.config('set', '--url', 'http://10.0.0.5:1/a.bin', '--tag', 'v1');
    await work.config('set', '--tag', 'v2');
    await work.config('revert');
    expect(await work.text()).toContain('"version": "v1"');
    const { stdout } = await work.config('revert', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ written: true, service: 'OTA', to: null });
    expect(await work.text()).toBe('{"services": []}');
    expect(await readdir(join(work.data, 'config-undo'))).toEqual([]);
  });

  it('undoes by the name of the file what was done through a link to it, and the other way round', async () => {
    await using work = await workspace();
    const before = await work.text();
    const link = `${work.file}.link`;
    await symlink(work.file, link);
    const env = { OTAKIT_DATA: work.data };
    const linked = (verb: string, ...args: string[]) =>
      otakit(['config', verb, '--file', link, ...args], { env });
    expect((await linked('set', '--tag', 'v2')).exitCode).toBe(0);
    expect((await work.config('revert')).exitCode).toBe(0);
    expect(await work.text()).toBe(before);
    expect((await work.config('set', '--tag', 'v3')).exitCode).toBe(0);
    expect((await linked('revert')).exitCode).toBe(0);
    expect(await work.text()).toBe(before);
  });

  it('undoes nothing twice: an edit that is not in the config any more is forgotten', async () => {
    await using work = await workspace();
    const before = await work.text();
    await work.config('set', '--tag', 'v2');
    await writeFile(work.file, before.replace('"v1.0.0"', '"v1.0.0" '));
    const { exitCode, stdout } = await work.config('revert');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /nothing to undo, service OTA is at version "v1.0.0" already \(the edit/,
    );
    expect(await work.text()).toBe(before.replace('"v1.0.0"', '"v1.0.0" '));
    expect((await work.config('revert')).exitCode).toBe(2);

    await work.config('set', '--tag', 'v2');
    await writeFile(work.file, before);
    await work.config('set', '--tag', 'v3');
    const json = JSON.parse((await work.config('revert', '--json')).stdout) as unknown;
    expect(json).toMatchObject({ written: true, from: { version: 'v3' } });
    expect(await work.text()).toBe(before);
  });

  it('does not replace a read-only file, and keeps nothing to undo then', async () => {
    await using work = await workspace();
    const before = await work.text();
    await chmod(work.file, 0o444);
    const { exitCode, stderr } = await work.config('set', '--tag', 'v2');
    expect(exitCode).toBe(3);
    expect(stderr).toContain('machine-config/read-only: machine.json is read-only (mode 444)');
    expect(await work.text()).toBe(before);
    expect((await work.config('revert')).stderr).toContain('no edit of machine.json was made');
  });

  it('says so when there was no version before', async () => {
    const entry =
      '{"name": "OTA", "model": "ota_service", "attributes": {"url": "http://10.0.0.5:1/a"}}';
    await using work = await workspace(`{"services": [${entry}]}`);
    await work.config('set', '--tag', 'v1');
    const { stdout } = await work.config('revert');
    expect(stdout).toContain('service OTA is without a version again, as it was');
  });

  it('says that what it would undo by is damaged', async () => {
    await using work = await workspace();
    await work.config('set', '--tag', 'v2');
    const folder = join(work.data, 'config-undo');
    const [name = ''] = await readdir(folder);
    for (const damaged of ['{"edits": [', '{}', 'null', '{"edits": [null]}', '{"edits": [{}]}']) {
      await writeFile(join(folder, name), damaged);
      const { exitCode, stderr } = await work.config('revert');
      expect(exitCode).toBe(3);
      expect(stderr).toContain(`${name} cannot be read: it is damaged`);
    }
  });

  it('keeps the old value where only its owner reads it', async () => {
    await using work = await workspace();
    await work.config('set', '--tag', 'v2');
    const folder = join(work.data, 'config-undo');
    const [name = ''] = await readdir(folder);
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('writes nothing with --dry-run, and shows what it would', async () => {
    await using work = await workspace();
    const before = await work.text();
    const { stdout, exitCode } = await work.config('set', '--tag', 'v2', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('-         "version": "v1.0.0"\n+         "version": "v2"\n');
    expect(await work.text()).toBe(before);
  });

  it('refuses what a device could not take, with every reason and exit 3', async () => {
    await using work = await workspace();
    const before = await work.text();
    const args = ['--url', 'http://u:p@localhost/x', '--tag', 'v1.0.0'];
    const { exitCode, stderr, stdout } = await work.config('set', ...args);
    expect(exitCode).toBe(3);
    expect(stdout).toBe('');
    for (const code of ['url-userinfo', 'url-without-port', 'url-loopback', 'tag-unchanged']) {
      expect(stderr).toContain(`error machine-config/${code}: `);
    }
    const json = await work.config('set', ...args, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ written: false, service: null });
    expect(await work.text()).toBe(before);
  });

  it('makes a new tag with --bump, each time', async () => {
    await using work = await workspace();
    const first = JSON.parse((await work.config('set', '--bump', '--json')).stdout) as Report;
    const second = JSON.parse((await work.config('set', '--bump', '--json')).stdout) as Report;
    expect(first.after.version).toMatch(/^v1\.0\.0-\d{8}T\d{6}Z/);
    expect(second.after.version).toMatch(/^v1\.0\.0-\d{8}T\d{6}Z/);
    expect(second.after.version).not.toBe(first.after.version);
    expect(second.issues).toEqual([]);
  });

  it('takes version and hash for the tag from the image', async () => {
    await using work = await workspace();
    const image = `${work.file}.bin`;
    await writeFile(image, await buildTestApp({ descriptor: { version: 'v7' } }));
    const { stdout } = await work.config('set', '--bump', '--image', image, '--json');
    const { after } = JSON.parse(stdout) as Report;
    expect(after.version).toMatch(/^v7-\d{8}T\d{6}Z-[0-9a-f]{8}$/);
    const wrong = await work.config('set', '--bump', '--image', work.file);
    expect(wrong).toMatchObject({ exitCode: 2 });
  });

  it('compares with another file', async () => {
    await using work = await workspace();
    const other = `${work.file}.other`;
    await writeFile(other, fixture('app-triplet.json').replace('v1.0.0', 'v0.9'));
    const { stdout } = await work.config('diff', '--with', other);
    expect(stdout).toContain('-         "version": "v0.9"\n+         "version": "v1.0.0"\n');
    const json = await work.config('diff', '--with', work.file, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ same: true, sameText: true });
  });

  it('says what a key file lacks', async () => {
    await using work = await workspace();
    const key = `${work.file}.key`;
    await writeFile(key, 'VIAM_API_KEY=secret-key\n');
    const { exitCode, stderr } = await otakit([
      'config',
      'show',
      '--part=p',
      `--api-key-file=${key}`,
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${key} does not have VIAM_API_KEY_ID`);
    expect(stderr).not.toContain('secret-key');
  });

  it('refuses a --cloud that is no address, whichever config is named', async () => {
    await using work = await workspace();
    for (const cloud of ['notaurl', 'ftp://10.0.0.5', 'http://me:secret@10.0.0.5', '']) {
      const { exitCode, stderr } = await work.config('show', '--cloud', cloud);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/--cloud .*(?:is no http or https URL|has a user name or password)/);
      expect(stderr).not.toContain('secret');
    }
    const push = ['push', '--url', 'http://10.0.0.5:1/a.bin', '--tag', 'v1', '--part', 'p'];
    expect((await otakit([...push, '--cloud', 'notaurl'])).exitCode).toBe(2);
  });

  it('refuses contradictions', async () => {
    await using work = await workspace();
    expect((await work.config('set')).stderr).toContain('nothing to set');
    expect((await work.config('set', '--bump', '--tag', 'x')).exitCode).toBe(2);
  });
});

interface Report {
  readonly after: { readonly version: string };
  readonly issues: readonly unknown[];
}
