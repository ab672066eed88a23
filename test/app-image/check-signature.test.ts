import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  checkAppImage,
  type CheckOptions,
  inspectImage,
  parsePublicKey,
  patchImageHeader,
  verifySignature,
} from '../../src/app-image/index.ts';
import { memorySource } from '../../src/shared/index.ts';
import { buildTestApp } from '../support/build-image.ts';
import { describeWithPeers } from '../support/peer.ts';
import { makeKey, signV1, signV2 } from '../support/sign-image.ts';
import { REPOSITORY } from '../support/source-files.ts';

async function codes(bytes: Uint8Array, options: Partial<CheckOptions> = {}): Promise<string[]> {
  const { issues } = await checkAppImage(memorySource(bytes), { audience: 'esp-idf', ...options });
  return issues.map((issue) => issue.code);
}

describe('a signature of secure boot version 2', () => {
  it('is verified with the public key, also of the second signer', async () => {
    const [first, second, other] = [await makeKey(), await makeKey(), await makeKey()];
    const app = await buildTestApp({ chip: 'esp32c6' });
    const signed = await signV2(app, [first.pair, second.pair]);
    const publicKey = parsePublicKey(second.pem);
    expect(await codes(signed, { publicKey, secureBoot: 2 })).toEqual([]);
    expect(await codes(signed, { publicKey: parsePublicKey(other.pem) })).toEqual([
      'app-image/signature-wrong-key',
    ]);
    const image = await inspectImage(memorySource(signed));
    expect(image).toMatchObject({
      kind: 'app-image',
      imageLengthBytes: app.length,
      signature: {
        kind: 'secure-boot-v2',
        endFileOffset: signed.length,
        blocks: [
          { index: 0, intact: true, publicKey: { kind: 'ecdsa', curve: 'p256' } },
          { index: 1, intact: true },
        ],
      },
      issues: [],
    });
  });

  it('is missed where it is wanted, or wanted in the other version', async () => {
    const { pair, pem } = await makeKey();
    const app = await buildTestApp({ chip: 'esp32c6' });
    expect(await codes(app, { secureBoot: 2 })).toEqual(['app-image/signature-missing']);
    expect(await codes(app, { publicKey: parsePublicKey(pem) })).toEqual([
      'app-image/signature-missing',
    ]);
    expect(await codes(await signV2(app, [pair]), { secureBoot: 1 })).toEqual([
      'app-image/signature-missing',
    ]);
  });

  it('is told apart from one that is damaged, or of another image', async () => {
    const { pair, pem } = await makeKey();
    const signed = await signV2(await buildTestApp({ chip: 'esp32c6' }), [pair]);
    const sector = signed.length - 4096;
    const damaged = signed.slice();
    damaged[sector + 200] = 0x55;
    expect(await codes(damaged)).toEqual(['app-image/signature-damaged']);
    // A byte of the padding between image and signature is signed too, and nothing else covers it.
    const changed = signed.slice();
    changed[sector - 1] = 0;
    expect(await codes(changed, { publicKey: parsePublicKey(pem) })).toEqual([
      'app-image/signature-damaged',
      'app-image/signature-invalid',
    ]);
  });

  it('keeps the header from being patched', async () => {
    const signed = await signV2(await buildTestApp(), [(await makeKey()).pair]);
    await expect(patchImageHeader(signed, { size: '8MB' })).rejects.toMatchObject({
      code: 'app-image/patch-signed',
    });
  });

  it('is of no use to a chip that knows other schemes', async () => {
    const { pair } = await makeKey();
    const signed = await signV2(await buildTestApp({ chip: 'esp32s3' }), [pair]);
    expect(await codes(signed)).toEqual(['app-image/signature-scheme']);
  });
});

describe('a signature of secure boot version 1', () => {
  it('is verified with the public key', async () => {
    const [mine, other] = [await makeKey(), await makeKey()];
    const signed = await signV1(await buildTestApp(), mine.pair);
    expect(await codes(signed, { secureBoot: 1, publicKey: parsePublicKey(mine.pem) })).toEqual([]);
    expect(await codes(signed, { publicKey: parsePublicKey(other.pem) })).toEqual([
      'app-image/signature-wrong-key',
    ]);
  });
});

describe('a public key', () => {
  it('is refused with a reason where it is none, or a private one', () => {
    const text = (value: string) => new TextEncoder().encode(value);
    for (const input of [
      text('hello'),
      text('-----BEGIN EC PRIVATE KEY-----'),
      text('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'),
      Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
      new Uint8Array(0),
    ]) {
      expect(() => parsePublicKey(input)).toThrow(
        expect.objectContaining({ code: 'app-image/bad-public-key' }),
      );
    }
  });
});

describeWithPeers(['espsecure'], 'signatures that espsecure makes', ([espsecure = '']) => {
  const folder = mkdtempSync(join(tmpdir(), 'otakit-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (...args: string[]) => execFileSync(espsecure, args, { encoding: 'utf8' });
  const file = (name: string) => join(folder, name);
  const app = join(REPOSITORY, 'firmware-samples/images/hello-esp32c3-1.0.0.bin');

  it.each(['rsa3072', 'ecdsa192', 'ecdsa256', 'ecdsa384'])('%s', async (scheme) => {
    const [key, pem, signed] = [file(`${scheme}.pem`), file(`${scheme}.pub`), file(scheme)];
    run('generate-signing-key', '-v', '2', '-s', scheme, key);
    run('extract-public-key', '-v', '2', '-k', key, pem);
    run('sign-data', '-v', '2', '-k', key, '-o', signed, app);
    run('digest-sbv2-public-key', '-k', key, '-o', file(`${scheme}.digest`));
    const source = memorySource(readFileSync(signed));
    const image = await inspectImage(source);
    if (image.kind !== 'app-image' || image.signature?.kind !== 'secure-boot-v2') {
      throw new Error('not signed');
    }
    expect(image.issues).toEqual([]);
    const publicKey = parsePublicKey(readFileSync(pem));
    expect(image.signature.blocks).toMatchObject([{ intact: true, publicKey }]);
    expect(image.signature.blocks[0]?.keyDigest).toBe(
      readFileSync(file(`${scheme}.digest`)).toString('hex'),
    );
    expect(await verifySignature(source, image.signature, publicKey)).toEqual({
      kind: 'valid',
      blockIndex: 0,
    });
  });

  it('version 1, with the bare public key that it writes', async () => {
    run('generate-signing-key', '-v', '1', file('v1.pem'));
    run('extract-public-key', '-v', '1', '-k', file('v1.pem'), file('v1.pub'));
    const sample = join(REPOSITORY, 'firmware-samples/images/hello-esp32-1.0.0.bin');
    run('sign-data', '-v', '1', '-k', file('v1.pem'), '-o', file('v1'), sample);
    const publicKey = parsePublicKey(readFileSync(file('v1.pub')));
    const signed = readFileSync(file('v1'));
    expect(await codes(signed, { publicKey, secureBoot: 1 })).toEqual([]);
  });
});
