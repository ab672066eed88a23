import { createPublicKey, sign as rawSign } from 'node:crypto';
import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  type ArtifactManifest,
  checkSignature,
  FleetError,
  generateSigningKey,
  parseSignatureFile,
  readPrivateKey,
  readPublicKey,
  requireValidSignature,
  serializeManifest,
  serializeSignatureFile,
  type SignatureAlgorithm,
  signManifest,
  type TrustedKey,
} from '../../../src/fleet/index.ts';
import { thrownBy } from '../../support/thrown.ts';

const MANIFEST: ArtifactManifest = {
  packageId: 'main',
  version: '1.1.0',
  chip: 'esp32c3',
  blueprintIds: ['sensor-v2', 'sensor-v3'],
  sizeBytes: 917_504,
  sha256: 'ab'.repeat(32),
  secureVersion: 2,
  sequence: 7,
};

function newKey(algorithm: SignatureAlgorithm) {
  const pair = generateSigningKey(algorithm);
  const trusted: TrustedKey = { ...pair, revokedAtMs: null };
  return { pair, trusted, secret: readPrivateKey(pair.privateKey) };
}

describe('the canonical manifest', () => {
  it('is this very text', () => {
    expect(new TextDecoder().decode(serializeManifest(MANIFEST))).toBe(
      `{"blueprints":["sensor-v2","sensor-v3"],"chip":"esp32c3","format":"otakit-artifact-1","package":"main","secureVersion":2,"sequence":7,"sha256":"${'ab'.repeat(32)}","size":917504,"version":"1.1.0"}`,
    );
  });

  it('does not depend on the order of the blueprints', () => {
    const turned = { ...MANIFEST, blueprintIds: MANIFEST.blueprintIds.toReversed() };
    expect(serializeManifest(turned)).toEqual(serializeManifest(MANIFEST));
  });
});

describe.each(['ed25519', 'ecdsa-p256'] as const)('a signature by %s', (algorithm) => {
  const { trusted, secret } = newKey(algorithm);
  const signed = signManifest(MANIFEST, secret);

  it('holds for what was signed, with and without the manifest beside it', () => {
    const { manifest: _, ...bare } = signed;
    expect(checkSignature(signed, MANIFEST, trusted)).toEqual({ valid: true });
    expect(checkSignature(bare, MANIFEST, trusted)).toEqual({ valid: true });
    expect(signed).toMatchObject({ algorithm, keyId: trusted.keyId, sequence: 7 });
  });

  it.each([
    ['packageId', { packageId: 'modem' }, 'main', 'modem'],
    ['version', { version: '1.0.9' }, '1.1.0', '1.0.9'],
    ['chip', { chip: 'esp32s3' }, 'esp32c3', 'esp32s3'],
    ['blueprintIds', { blueprintIds: ['sensor-v3'] }, 'sensor-v2, sensor-v3', 'sensor-v3'],
    ['blueprintIds', { blueprintIds: [] }, 'sensor-v2, sensor-v3', 'any'],
    ['sizeBytes', { sizeBytes: 917_505 }, '917504', '917505'],
    ['sha256', { sha256: 'cd'.repeat(32) }, 'ab'.repeat(32), 'cd'.repeat(32)],
    ['secureVersion', { secureVersion: 1 }, '2', '1'],
    ['secureVersion', { secureVersion: null }, '2', 'none'],
  ] as const)('says that it was made for another %s', (field, other, was, is) => {
    const actual = { ...MANIFEST, ...other };
    expect(checkSignature(signed, actual, trusted)).toEqual({
      valid: false,
      code: 'fleet/bad-signature',
      reason: `it was made for something else: ${field} ${was}, here ${is}`,
      differences: [{ field, signed: was, actual: is }],
    });
    const { manifest: _, ...bare } = signed;
    expect(checkSignature(bare, actual, trusted)).toMatchObject({
      valid: false,
      code: 'fleet/bad-signature',
    });
  });

  it('cannot be given another sequence', () => {
    const { manifest: _, ...bare } = signed;
    expect(checkSignature({ ...bare, sequence: 8 }, MANIFEST, trusted)).toMatchObject({
      valid: false,
      reason: expect.stringContaining('and sequence 8') as string,
    });
    expect(checkSignature({ ...signed, sequence: 8 }, MANIFEST, trusted)).toMatchObject({
      differences: [{ field: 'sequence', signed: '7', actual: '8' }],
    });
  });

  it('does not hold for a manifest that was made to fit', () => {
    const actual = { ...MANIFEST, version: '9.9.9' };
    expect(checkSignature({ ...signed, manifest: actual }, actual, trusted)).toMatchObject({
      valid: false,
      code: 'fleet/bad-signature',
      differences: [],
    });
  });

  it('is not believed when it says something else of itself than was signed', () => {
    const lie = { ...signed, manifest: { ...MANIFEST, version: '9.9.9' } };
    expect(checkSignature(lie, { ...MANIFEST, version: '1.0.0' }, trusted)).toMatchObject({
      valid: false,
      reason: 'it says that it was made for something else: version 9.9.9, here 1.0.0',
    });
  });

  it('does not hold with any bit of it flipped', () => {
    const { manifest: _, ...bare } = signed;
    const bytes = Buffer.from(bare.signature, 'base64');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (index, bit) => {
        const flipped = Buffer.from(bytes);
        flipped[index] = (flipped[index] ?? 0) ^ (1 << bit);
        const verdict = checkSignature(
          { ...bare, signature: flipped.toString('base64') },
          MANIFEST,
          trusted,
        );
        expect(verdict.valid).toBe(false);
      }),
    );
  });

  it.each([
    ['', 'it is no base64'],
    ['****', 'it is no base64'],
    ['AAAA', `it has 3 bytes, ${algorithm} has ${algorithm === 'ed25519' ? '64' : '8 to 72'}`],
    [`${signed.signature}\n`, 'it is no base64'],
    [signed.signature.replaceAll('=', ''), null],
  ])('is refused where the text is %j', (text, reason) => {
    if (text === signed.signature) return;
    expect(checkSignature({ ...signed, signature: text }, MANIFEST, trusted)).toMatchObject({
      valid: false,
      code: 'fleet/bad-signature',
      ...(reason === null ? {} : { reason }),
    });
  });

  it('by another key under the same id is refused', () => {
    const other = newKey(algorithm);
    const forged = { ...signManifest(MANIFEST, other.secret), keyId: trusted.keyId };
    expect(checkSignature(forged, MANIFEST, trusted)).toMatchObject({
      valid: false,
      code: 'fleet/bad-signature',
    });
  });

  it('by an unknown or a revoked key is refused', () => {
    expect(checkSignature(signed, MANIFEST, null)).toMatchObject({ code: 'fleet/unknown-key' });
    expect(checkSignature(signed, MANIFEST, newKey(algorithm).trusted)).toMatchObject({
      code: 'fleet/unknown-key',
    });
    const revoked = { ...trusted, revokedAtMs: Date.UTC(2026, 0, 2) };
    expect(checkSignature(signed, MANIFEST, revoked)).toEqual({
      valid: false,
      code: 'fleet/key-revoked',
      reason: `key ${trusted.keyId} was revoked on 2026-01-02T00:00:00.000Z`,
      differences: [],
    });
  });

  it('over the bytes of the image alone does not count', () => {
    const image = new Uint8Array(100);
    const raw =
      algorithm === 'ed25519'
        ? rawSign(null, image, secret.key)
        : rawSign('sha256', image, secret.key);
    const claim = { ...signed, signature: raw.toString('base64') };
    expect(checkSignature(claim, MANIFEST, trusted).valid).toBe(false);
  });

  it('survives its file', () => {
    expect(parseSignatureFile(serializeSignatureFile(signed))).toEqual(signed);
  });
});

describe('algorithm confusion', () => {
  it('is refused: the key says what it is, the signature has no say', () => {
    const ed = newKey('ed25519');
    const ec = newKey('ecdsa-p256');
    const claim = { ...signManifest(MANIFEST, ed.secret), keyId: ec.trusted.keyId };
    expect(checkSignature(claim, MANIFEST, ec.trusted)).toMatchObject({
      code: 'fleet/bad-signature',
      reason: `it says ed25519, but key ${ec.trusted.keyId} is ecdsa-p256`,
    });
    const disguised = { ...claim, algorithm: 'ecdsa-p256' as const };
    expect(checkSignature(disguised, MANIFEST, ec.trusted).valid).toBe(false);
  });

  it('does not come in with a DER signature of r = s = 0', () => {
    const { trusted, secret } = newKey('ecdsa-p256');
    const signature = Buffer.from('3006020100020100', 'hex').toString('base64');
    const claim = { ...signManifest(MANIFEST, secret), signature };
    expect(checkSignature(claim, MANIFEST, trusted).valid).toBe(false);
  });
});

describe('a signature that does not hold', () => {
  it('throws with what differs', () => {
    const { trusted, secret } = newKey('ed25519');
    const signed = signManifest(MANIFEST, secret);
    const error = thrownBy(() =>
      requireValidSignature(signed, { ...MANIFEST, chip: 'esp32' }, trusted),
    );
    expect(error).toBeInstanceOf(FleetError);
    expect(error).toMatchObject({
      code: 'fleet/bad-signature',
      kind: 'verification',
      httpStatus: 422,
      details: { differences: [{ field: 'chip', signed: 'esp32c3', actual: 'esp32' }] },
    });
  });
});

describe('keys', () => {
  it('are called by the hash of their DER form, from either half', () => {
    const { pair, trusted, secret } = newKey('ecdsa-p256');
    const read = readPublicKey(pair.publicKey);
    expect([read.keyId, secret.keyId]).toEqual([trusted.keyId, trusted.keyId]);
    expect(read.pem).toBe(pair.publicKey);
    expect(createPublicKey(read.pem).asymmetricKeyType).toBe('ec');
  });

  it('may be encrypted', () => {
    const pair = generateSigningKey('ed25519', 'correct horse');
    expect(readPrivateKey(pair.privateKey, 'correct horse').keyId).toBe(pair.keyId);
    expect(thrownBy(() => readPrivateKey(pair.privateKey))).toMatchObject({
      code: 'fleet/bad-key',
      message: 'The private key is encrypted.',
    });
    expect(thrownBy(() => readPrivateKey(pair.privateKey, 'wrong'))).toMatchObject({
      code: 'fleet/bad-key',
    });
  });

  it('that are private are refused where a public one is wanted', () => {
    const { pair } = newKey('ed25519');
    expect(thrownBy(() => readPublicKey(pair.privateKey))).toMatchObject({
      code: 'fleet/bad-key',
      message: 'This is a private key.',
    });
  });

  it.each(['', 'nonsense', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'])(
    'that are none are refused: %j',
    (text) => {
      expect(thrownBy(() => readPublicKey(text))).toMatchObject({ code: 'fleet/bad-key' });
      expect(thrownBy(() => readPrivateKey(text))).toMatchObject({ code: 'fleet/bad-key' });
    },
  );
});

describe('signature files', () => {
  const { secret } = newKey('ed25519');
  const good = serializeSignatureFile(signManifest(MANIFEST, secret));

  it.each([
    ['no JSON', 'hello'],
    ['another format', good.replace('otakit-signature-1', 'otakit-signature-2')],
    ['something more', good.replace('"keyId"', '"evil": 1, "keyId"')],
    ['a bad digest', good.replace('abab', 'ABAB')],
    ['a sequence beyond 31 bits', good.replaceAll('"sequence": 7', '"sequence": 2147483648')],
    ['no manifest', '{"format":"otakit-signature-1"}'],
    ['too much', good + ' '.repeat(70_000)],
    ['null', 'null'],
  ])('with %s are refused', (_, text) => {
    expect(thrownBy(() => parseSignatureFile(text))).toMatchObject({
      code: 'fleet/bad-signature-file',
    });
  });

  it('never fail in another way, whatever they hold', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(thrownBy(() => parseSignatureFile(text))).toBeInstanceOf(FleetError);
      }),
    );
  });
});
