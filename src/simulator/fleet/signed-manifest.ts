import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { UpdateGivenUp } from './failure.ts';
import type { Offer } from './wire.ts';

/** A public key that a device was built with. */
export interface TrustedKey {
  /** First 16 hex digits of the SHA-256 over the DER form. */
  readonly keyId: string;
  readonly algorithm: 'ed25519' | 'ecdsa-p256';
  readonly key: KeyObject;
}

/** What a device knows of itself that a manifest speaks of. */
export interface SignedFor {
  /** Such as `esp32c3`; `null` where the device does not know. */
  readonly chip: string | null;
  readonly blueprintId: string | null;
}

const FORMAT = 'otakit-artifact-1';

const manifestShape = z.strictObject({
  format: z.literal(FORMAT),
  package: z.string(),
  version: z.string(),
  chip: z.string().nullable(),
  blueprints: z.array(z.string()),
  size: z.number(),
  sha256: z.string(),
  secureVersion: z.number().nullable(),
  sequence: z.number(),
});

/** @throws TypeError, or what `node:crypto` throws, for anything but an Ed25519 or P-256 public key */
export function readTrustedKey(pem: string): TrustedKey {
  const key = createPublicKey(pem);
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  const isP256 = key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1';
  if (!isP256 && key.asymmetricKeyType !== 'ed25519') {
    throw new TypeError('neither an Ed25519 nor a P-256 public key');
  }
  const der = key.export({ type: 'spki', format: 'der' });
  const keyId = createHash('sha256').update(der).digest('hex').slice(0, 16);
  return { keyId, algorithm: isP256 ? 'ecdsa-p256' : 'ed25519', key };
}

/**
 * Checks that one of the device's keys signed this very offer: these bytes, under this name and version,
 * for this board, and not for later deployments only. The manifest is checked as the text that was
 * signed, and only then read.
 *
 * @param sequence of the deployment that offers it
 * @throws UpdateGivenUp
 */
export function requireSignature(
  offer: Offer,
  sequence: number,
  device: SignedFor,
  keys: readonly TrustedKey[],
): void {
  const genuine = offer.signatures.filter((one) => keys.some((key) => holds(one, key)));
  if (genuine.length === 0) {
    throw new UpdateGivenUp(
      offer.signatures.length === 0
        ? 'the image is not signed'
        : 'no signature holds under a key of this device',
    );
  }
  const faults = genuine.map(({ manifest }) => faultOf(manifest, offer, sequence, device));
  if (!faults.includes(null)) throw new UpdateGivenUp(`it was signed ${faults.join('; ')}`);
}

function holds(
  { key_id, algorithm, signature, manifest }: Offer['signatures'][number],
  key: TrustedKey,
): boolean {
  if (key.keyId !== key_id || key.algorithm !== algorithm) return false;
  const bytes = Buffer.from(manifest);
  const hash = algorithm === 'ed25519' ? null : 'sha256';
  return verify(hash, bytes, key.key, Buffer.from(signature, 'base64'));
}

/** For what else the manifest was signed; `null` where it is for this. */
function faultOf(
  text: string,
  offer: Offer,
  sequence: number,
  { chip, blueprintId }: SignedFor,
): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'as something that is no manifest';
  }
  const read = manifestShape.safeParse(value);
  if (!read.success) return 'as something that is no manifest';
  const signed = read.data;
  if (signed.package !== offer.package_id) return `as package ${signed.package}`;
  if (signed.version !== offer.version) return `as version ${signed.version}`;
  if (signed.sha256 !== offer.checksum || signed.size !== offer.size_bytes)
    return 'for other bytes';
  if (signed.sequence > sequence) return `for deployments from ${signed.sequence} on`;
  if (chip !== null && signed.chip !== null && signed.chip !== chip) return `for ${signed.chip}`;
  const { blueprints } = signed;
  if (blueprintId !== null && blueprints.length > 0 && !blueprints.includes(blueprintId)) {
    return `for ${blueprints.join(', ')}`;
  }
  return null;
}
