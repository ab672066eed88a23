import {
  type Fleet,
  manifestOf,
  type PackageAssignment,
  serializeManifest,
} from '../../fleet/index.ts';

/** A signature as devices see it. */
export interface WireSignature {
  readonly key_id: string;
  readonly algorithm: 'ed25519' | 'ecdsa-p256';
  /** Base64. */
  readonly signature: string;
  /**
   * What was signed, letter by letter: canonical JSON. A device checks the signature over this text and
   * then that the text speaks of the very thing that it is offered.
   */
  readonly manifest: string;
}

/** The signatures of an assigned artifact, each with what it is over. */
export async function signaturesOf(
  fleet: Fleet,
  { artifactId, signatures }: PackageAssignment & { readonly kind: 'update' },
): Promise<readonly WireSignature[]> {
  if (signatures.length === 0) return [];
  const artifact = await fleet.artifacts.get(artifactId);
  return signatures.map(({ keyId, algorithm, signature, sequence }) => ({
    key_id: keyId,
    algorithm,
    signature,
    manifest: new TextDecoder().decode(serializeManifest(manifestOf(artifact, sequence))),
  }));
}
