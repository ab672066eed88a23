import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readTrustedKey } from '../../../src/simulator/index.ts';
import { requireSignature } from '../../../src/simulator/fleet/signed-manifest.ts';
import type { Offer } from '../../../src/simulator/fleet/wire.ts';

const ed = generateKeyPairSync('ed25519');
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const KEYS = [readTrustedKey(pem(ed.publicKey)), readTrustedKey(pem(ec.publicKey))];
const DEVICE = { chip: 'esp32c3', blueprintId: 'sensor-v2' };
const SEQUENCE = 5;

const manifest = {
  blueprints: ['sensor-v2'],
  chip: 'esp32c3',
  format: 'otakit-artifact-1',
  package: 'main',
  secureVersion: 0,
  sequence: 1,
  sha256: 'ab'.repeat(32),
  size: 1000,
  version: '1.1.0',
};

function signed(what: object, by: 'ed' | 'ec' = 'ed'): Offer['signatures'][number] {
  const text = JSON.stringify(what);
  const pair = by === 'ed' ? ed : ec;
  const key = readTrustedKey(pem(pair.publicKey));
  const bytes = sign(by === 'ed' ? null : 'sha256', Buffer.from(text), pair.privateKey);
  return {
    key_id: key.keyId,
    algorithm: key.algorithm,
    signature: bytes.toString('base64'),
    manifest: text,
  };
}

function offer(...signatures: Offer['signatures']): Offer {
  return {
    package_id: 'main',
    type: 'fw',
    version: '1.1.0',
    artifact_id: 'art_x',
    size_bytes: 1000,
    checksum: 'ab'.repeat(32),
    rollout_id: null,
    artifact_url: 'http://127.0.0.1/x',
    secure_version: 0,
    signatures,
  };
}

const check = (...signatures: Offer['signatures']) =>
  requireSignature(offer(...signatures), SEQUENCE, DEVICE, KEYS);

describe('a device that demands signatures', () => {
  it.each(['ed', 'ec'] as const)('takes what one of its keys signed (%s)', (by) => {
    expect(() => check(signed(manifest, by))).not.toThrow();
  });

  it('needs one that is right; others beside it do not matter', () => {
    const other = signed({ ...manifest, version: '9' });
    expect(() => check(other, signed(manifest))).not.toThrow();
  });

  it.each([
    ['for another version', { version: '1.2.0' }, 'as version 1.2.0'],
    ['as another package', { package: 'modem' }, 'as package modem'],
    ['for other bytes', { sha256: 'cd'.repeat(32) }, 'for other bytes'],
    ['for another size', { size: 999 }, 'for other bytes'],
    ['for another chip', { chip: 'esp32' }, 'for esp32'],
    ['for another board', { blueprints: ['gateway'] }, 'for gateway'],
    ['for later deployments', { sequence: 6 }, 'for deployments from 6 on'],
    ['as something else', { format: 'tea-party-1' }, 'as something that is no manifest'],
    ['with more to it', { except: 'x' }, 'as something that is no manifest'],
  ])('refuses what was signed %s', (_, change, why) => {
    expect(() => check(signed({ ...manifest, ...change }))).toThrow(`it was signed ${why}`);
  });

  it('refuses what is not signed, or by somebody else, or under a false name', () => {
    expect(() => check()).toThrow('the image is not signed');
    const one = signed(manifest);
    expect(() => check({ ...one, key_id: 'ffffffffffffffff' })).toThrow(/no signature holds/);
    expect(() => check({ ...one, algorithm: 'ecdsa-p256' })).toThrow(/no signature holds/);
    expect(() => check({ ...one, manifest: `${one.manifest} ` })).toThrow(/no signature holds/);
    expect(() => check({ ...one, signature: '' })).toThrow(/no signature holds/);
    const { keyId } = readTrustedKey(pem(ec.publicKey));
    expect(() => check({ ...one, key_id: keyId, algorithm: 'ecdsa-p256' })).toThrow(
      /no signature holds/,
    );
  });

  it('takes no other kinds of keys', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(() => readTrustedKey(pem(rsa.publicKey))).toThrow(/neither an Ed25519/);
  });
});
