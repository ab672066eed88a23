import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  type ArtifactManifest,
  checkSignature,
  generateSigningKey,
  readPrivateKey,
  readPublicKey,
  serializeManifest,
  type SignatureAlgorithm,
  signManifest,
} from '../../../src/fleet/index.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { runPeer } from '../../support/run-peer.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const MANIFEST: ArtifactManifest = {
  packageId: 'main',
  version: '1.1.0+größer',
  chip: 'esp32',
  blueprintIds: ['bench'],
  sizeBytes: 1,
  sha256: '01'.repeat(32),
  secureVersion: 0,
  sequence: 1,
};

/** How openssl verifies and signs, apart from key, file and signature. */
const HOW: Readonly<
  Record<SignatureAlgorithm, { verify: readonly string[]; sign: readonly string[] }>
> = {
  ed25519: {
    verify: [
      'pkeyutl',
      '-verify',
      '-pubin',
      '-rawin',
      '-inkey',
      'PUBLIC',
      '-in',
      'FILE',
      '-sigfile',
      'SIGNATURE',
    ],
    sign: ['pkeyutl', '-sign', '-rawin', '-inkey', 'PRIVATE', '-in', 'FILE', '-out', 'SIGNATURE'],
  },
  'ecdsa-p256': {
    verify: ['dgst', '-sha256', '-verify', 'PUBLIC', '-signature', 'SIGNATURE', 'FILE'],
    sign: ['dgst', '-sha256', '-sign', 'PRIVATE', '-out', 'SIGNATURE', 'FILE'],
  },
};

const GENERATE: Readonly<Record<SignatureAlgorithm, readonly string[]>> = {
  ed25519: ['genpkey', '-algorithm', 'ed25519'],
  'ecdsa-p256': ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
};

describeWithPeers(['openssl'], 'signatures and openssl', ([openssl = '']) => {
  const run = (args: readonly string[], folder: string) => {
    const named = args.map((arg) =>
      /^(?:PUBLIC|PRIVATE|FILE|SIGNATURE)$/.test(arg) ? join(folder, arg) : arg,
    );

    return runPeer(openssl, named);
  };

  it.each(['ed25519', 'ecdsa-p256'] as const)('%s: openssl verifies ours', async (algorithm) => {
    const folder = await temporaryFolder();
    const pair = generateSigningKey(algorithm);
    const { signature } = signManifest(MANIFEST, readPrivateKey(pair.privateKey));
    await writeFile(join(folder, 'PUBLIC'), pair.publicKey);
    await writeFile(join(folder, 'FILE'), serializeManifest(MANIFEST));
    await writeFile(join(folder, 'SIGNATURE'), Buffer.from(signature, 'base64'));
    expect(await run(HOW[algorithm].verify, folder)).toMatchObject({ exitCode: 0 });

    await writeFile(join(folder, 'FILE'), serializeManifest({ ...MANIFEST, sequence: 2 }));
    expect((await run(HOW[algorithm].verify, folder)).exitCode).not.toBe(0);
  });

  it.each(['ed25519', 'ecdsa-p256'] as const)('%s: we verify its own', async (algorithm) => {
    const folder = await temporaryFolder();
    await run([...GENERATE[algorithm], '-out', 'PRIVATE'], folder);
    await run(['pkey', '-in', 'PRIVATE', '-pubout', '-out', 'PUBLIC'], folder);
    const { pem, keyId } = readPublicKey(await readFile(join(folder, 'PUBLIC'), 'utf8'));
    const secret = readPrivateKey(await readFile(join(folder, 'PRIVATE'), 'utf8'));
    expect(secret).toMatchObject({ keyId, algorithm });

    await writeFile(join(folder, 'FILE'), serializeManifest(MANIFEST));
    expect(await run(HOW[algorithm].sign, folder)).toMatchObject({ exitCode: 0 });
    const signature = (await readFile(join(folder, 'SIGNATURE'))).toString('base64');
    const key = { keyId, algorithm, publicKey: pem, revokedAtMs: null };
    const claim = { keyId, algorithm, signature, sequence: 1 };
    expect(checkSignature(claim, MANIFEST, key)).toEqual({ valid: true });
    expect(checkSignature(claim, { ...MANIFEST, sizeBytes: 2 }, key)).toMatchObject({
      valid: false,
    });
  });

  it('refuses keys of other kinds, which openssl makes', async () => {
    const folder = await temporaryFolder();
    for (const kind of [
      ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
      ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
      ['-algorithm', 'X25519'],
      ['-algorithm', 'ED448'],
    ]) {
      await run(['genpkey', ...kind, '-out', 'PRIVATE'], folder);
      const pem = await readFile(join(folder, 'PRIVATE'), 'utf8');
      expect(() => readPrivateKey(pem)).toThrow(/^The key is (?:rsa|ec secp384r1|x25519|ed448)\.$/);
    }
  });
});
