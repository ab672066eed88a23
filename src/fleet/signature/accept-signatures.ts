import type { Repositories } from '../repositories.ts';
import { requireValidSignature } from './check-signature.ts';
import type { DetachedSignature, SignatureWithManifest } from './detached-signature.ts';
import { manifestOf } from './manifest.ts';

/**
 * The signatures of an artifact with more added, each verified first; a new one by the same key takes
 * the place of the older.
 *
 * @throws FleetError `fleet/bad-signature`, `fleet/unknown-key` or `fleet/key-revoked`
 */
export async function acceptSignatures(
  { keys }: Pick<Repositories, 'keys'>,
  artifact: Parameters<typeof manifestOf>[0],
  present: readonly DetachedSignature[],
  added: readonly SignatureWithManifest[],
): Promise<readonly DetachedSignature[]> {
  const byKey = new Map(present.map((signature) => [signature.keyId, signature]));
  for (const given of added) {
    const { sequence: _, ...facts } = manifestOf(artifact, given.sequence);
    requireValidSignature(given, facts, await keys.get(given.keyId));
    const { keyId, algorithm, signature, sequence } = given;
    byKey.set(keyId, { keyId, algorithm, signature, sequence });
  }
  return [...byKey.values()];
}
