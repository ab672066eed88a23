import { z } from 'zod';
import {
  type Fleet,
  manifestOf,
  type PackageAssignment,
  serializeManifest,
} from '../../fleet/index.ts';

/** A signature as devices see it. */
export const wireSignature = z.object({
  key_id: z.string(),
  algorithm: z.enum(['ed25519', 'ecdsa-p256']),
  signature: z.string().describe('Base64.'),
  manifest: z
    .string()
    .describe(
      'What was signed, letter by letter: canonical JSON. A device checks the signature over this text and then that the text speaks of the very thing that it is offered.',
    ),
});

/** The signatures of an assigned artifact, each with what it is over. */
export async function signaturesOf(
  fleet: Fleet,
  { artifactId, signatures }: PackageAssignment & { readonly kind: 'update' },
): Promise<readonly z.output<typeof wireSignature>[]> {
  if (signatures.length === 0) return [];
  const artifact = await fleet.artifacts.get(artifactId);
  return signatures.map(({ keyId, algorithm, signature, sequence }) => ({
    key_id: keyId,
    algorithm,
    signature,
    manifest: new TextDecoder().decode(serializeManifest(manifestOf(artifact, sequence))),
  }));
}
