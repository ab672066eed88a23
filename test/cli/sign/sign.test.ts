import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { buildTestApp } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { runPeer } from '../../support/run-peer.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

let folder = '';
const at = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(at('app.bin'), await buildTestApp({ descriptor: { secureVersion: 2 } }));
});

/** A key pair in `release.pem` and `release.pub.pem`. */
async function keygen(...more: readonly string[]): Promise<string> {
  const result = await otakit(['sign', 'keygen', '-o', at('release.pem'), '--json', ...more]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return (JSON.parse(result.stdout) as { keyId: string }).keyId;
}

const sign = (...more: readonly string[]) =>
  otakit(['sign', 'sign', at('app.bin'), '--key', at('release.pem'), '--blueprint', 'b1', ...more]);
const verify = (...more: readonly string[]) =>
  otakit([
    'sign',
    'verify',
    at('app.bin'),
    at('app.bin.sig'),
    '--public-key',
    at('release.pub.pem'),
    ...more,
  ]);

describe('otakit sign', () => {
  it.each(['ed25519', 'ecdsa-p256'])('%s: makes keys, signs and verifies', async (algorithm) => {
    const keyId = await keygen('--algorithm', algorithm);
    expect((await stat(at('release.pem'))).mode & 0o777).toBe(0o600);
    expect(await readFile(at('release.pub.pem'), 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----/);

    const signed = await sign('--sequence', '12');
    expect(signed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(signed.stdout).toContain(
      'esp32, secure version 2, for b1, from deployment 12 on\n' +
        `signed by key ${keyId} (${algorithm}): ${at('app.bin.sig')}`,
    );
    expect(await verify()).toEqual({
      exitCode: 0,
      stdout: `${at('app.bin')}: signed by key ${keyId} as main@1.0.0 for b1, from deployment 12 on\n`,
      stderr: '',
    });
  });

  it('takes version, package and boards as they are given', async () => {
    await keygen();
    const more = ['--version', '1.1.0', '--package', 'other', '--blueprint', 'b0'];
    const signed = await sign(...more, '--json', '-o', at('x.sig'));
    expect(JSON.parse(signed.stdout)).toMatchObject({
      output: at('x.sig'),
      manifest: { packageId: 'other', version: '1.1.0', blueprintIds: ['b0', 'b1'], sequence: 1 },
    });
  });

  it('refuses a file that was changed, with what differs', async () => {
    await keygen();
    await sign();
    const app = await readFile(at('app.bin'));
    app[200] = (app[200] ?? 0) ^ 1;
    await writeFile(at('app.bin'), app);
    const { exitCode, stdout } = await verify();
    expect(exitCode).toBe(6);
    expect(stdout).toMatch(
      /refused fleet\/bad-signature: it was made for something else: sha256 .*\n {2}sha256: signed [0-9a-f]{64}, the file has [0-9a-f]{64}\n$/,
    );
  });

  it('refuses an edited signature file, and the key of somebody else', async () => {
    await keygen();
    await sign();
    const text = await readFile(at('app.bin.sig'), 'utf8');
    await writeFile(at('app.bin.sig'), text.replace('"1.0.0"', '"9.9.9"'));
    const edited = await verify('--json');
    expect(edited.exitCode).toBe(6);
    expect(JSON.parse(edited.stdout)).toMatchObject({
      valid: false,
      code: 'fleet/bad-signature',
      manifest: { version: '9.9.9' },
    });

    await writeFile(at('app.bin.sig'), text);
    expect(JSON.parse((await verify('--json')).stdout)).toMatchObject({ valid: true, code: null });
    await keygen('--force');
    const other = await verify();
    expect(other.exitCode).toBe(6);
    expect(other.stdout).toMatch(/refused fleet\/unknown-key: it is by key [0-9a-f]+, not by/);
  });

  it('keeps private keys behind a passphrase', async () => {
    await writeFile(at('pass'), 'correct horse\n');
    await keygen('--passphrase-file', at('pass'));
    expect(await readFile(at('release.pem'), 'utf8')).toContain('ENCRYPTED');
    expect(await sign()).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('fleet/bad-key') as string,
    });
    expect((await sign('--passphrase-file', at('pass'))).exitCode).toBe(0);
  });

  it('overwrites nothing unless it is told to', async () => {
    await keygen();
    expect((await otakit(['sign', 'keygen', '-o', at('release.pem')])).exitCode).toBe(2);
    await sign();
    expect((await sign()).exitCode).toBe(2);
    expect((await sign('--force')).exitCode).toBe(0);
  });

  it('signs no image that a device could not take, but any file as a binary', async () => {
    await keygen();
    await writeFile(at('app.bin'), 'no image');
    expect(await sign()).toMatchObject({ exitCode: 3, stdout: '' });
    const bad = await sign('--binary');
    expect([bad.exitCode, bad.stderr]).toEqual([2, expect.stringContaining('--version')]);
    expect((await sign('--binary', '--version', '7')).exitCode).toBe(0);
    expect((await verify()).exitCode).toBe(0);
  });

  it.each([
    [['--sequence', '0']],
    [['--sequence', '2147483648']],
    [['--sequence', 'x']],
    [['--raw-signature', 'x']],
  ])('says what is wrong with %j', async (more) => {
    await keygen();
    expect((await sign(...more)).exitCode).toBe(2);
  });

  it('asks which hardware it is for', async () => {
    await keygen();
    const { exitCode, stderr } = await otakit([
      'sign',
      'sign',
      at('app.bin'),
      '--key',
      at('release.pem'),
    ]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--blueprint')]);
  });

  it('reads only signature files', async () => {
    await keygen();
    await writeFile(at('app.bin.sig'), 'hello');
    expect(await verify()).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('fleet/bad-signature-file') as string,
    });
  });
});

describeWithPeers(['openssl'], 'otakit sign with a key that stays in openssl', ([openssl = '']) => {
  it.each([
    ['ecdsa-p256', ['dgst', '-sha256', '-sign', 'KEY', '-out', 'RAW', 'MANIFEST']],
    ['ed25519', ['pkeyutl', '-sign', '-rawin', '-inkey', 'KEY', '-in', 'MANIFEST', '-out', 'RAW']],
  ])('%s: takes its signature over the manifest', async (algorithm, args) => {
    await keygen('--algorithm', algorithm);
    const what = ['--blueprint', 'b1', '--sequence', '3'];
    const printed = await otakit(['sign', 'manifest', at('app.bin'), ...what]);
    await otakit(['sign', 'manifest', at('app.bin'), ...what, '-o', at('manifest')]);
    expect(await readFile(at('manifest'), 'utf8')).toBe(printed.stdout);
    const files: Readonly<Record<string, string>> = {
      KEY: at('release.pem'),
      RAW: at('raw'),
      MANIFEST: at('manifest'),
    };
    const peer = await runPeer(
      openssl,
      args.map((arg) => files[arg] ?? arg),
    );
    expect(peer.exitCode).toBe(0);
    const raw = ['--raw-signature', at('raw'), '--public-key', at('release.pub.pem')];
    expect(await otakit(['sign', 'sign', at('app.bin'), ...what, ...raw])).toMatchObject({
      exitCode: 0,
    });
    expect((await verify()).exitCode).toBe(0);
    expect(
      await otakit(['sign', 'sign', at('app.bin'), '--blueprint', 'b2', ...raw, '--force']),
    ).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('fleet/bad-signature') as string,
    });
  });
});
