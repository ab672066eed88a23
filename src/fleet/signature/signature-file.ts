import { z } from 'zod';
import { CHIPS, type ChipName } from '../../chips/index.ts';
import { FleetError } from '../codes.ts';
import { LONGEST_VERSION } from '../versions/version.ts';
import type { SignatureWithManifest } from './detached-signature.ts';
import type { ArtifactManifest } from './manifest.ts';

/** A signature file is small: anything larger is something else. */
const MAX_FILE_BYTES = 64 * 1024;

/** Sequences are held by devices in 32 bits with a sign. */
const sequence = z.int().min(1).max(0x7fffffff);

/** {@link ArtifactManifest} as it comes from outside. */
export const artifactManifestSchema = z.strictObject({
  packageId: z.string().min(1).max(64),
  version: z.string().min(1).max(LONGEST_VERSION),
  chip: z.enum(CHIPS.map(({ name }) => name) as [ChipName, ...ChipName[]]).nullable(),
  blueprintIds: z.array(z.string().min(1).max(64)).max(100),
  sizeBytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits'),
  secureVersion: z.int().min(0).max(0xffffffff).nullable(),
  sequence,
});

const fileShape = z.strictObject({
  format: z.literal('otakit-signature-1'),
  keyId: z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 lower-case hex digits'),
  algorithm: z.enum(['ed25519', 'ecdsa-p256']),
  signature: z.base64().max(128),
  sequence,
  manifest: artifactManifestSchema,
});

/**
 * Writes a signature file: JSON with `format` (`otakit-signature-1`), `keyId`, `algorithm`, `signature`
 * (base64), `sequence` and `manifest`, whose members are named as in {@link ArtifactManifest}. The signature is over
 * the canonical form of the manifest, not over this file.
 */
export function serializeSignatureFile(
  signed: SignatureWithManifest & { readonly manifest: ArtifactManifest },
): string {
  return `${JSON.stringify({ format: 'otakit-signature-1', ...signed }, null, 2)}\n`;
}

/**
 * Reads a signature file. That it can be read says nothing about whether the signature holds.
 *
 * @throws FleetError `fleet/bad-signature-file`
 */
export function parseSignatureFile(
  text: string,
): SignatureWithManifest & { readonly manifest: ArtifactManifest } {
  if (text.length > MAX_FILE_BYTES) throw badFile(`it has ${text.length} characters`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw badFile('it is no JSON', cause);
  }
  const parsed = fileShape.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw badFile(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`, parsed.error);
  }
  const { format: _, ...signed } = parsed.data;
  return signed;
}

function badFile(reason: string, cause?: unknown): FleetError {
  return new FleetError('fleet/bad-signature-file', `This is no signature file: ${reason}.`, {
    hint: 'Make one with `otakit sign sign`.',
    details: { reason },
    cause,
  });
}
