import { chipByName } from '../chips/index.ts';
import { type ByteSource, toHex } from '../shared/index.ts';
import type { AppImageIssue } from './codes.ts';
import type { AppImage } from './image.ts';
import type { SignatureV2 } from './signature/area.ts';
import { describeKey, type PublicKey } from './signature/block.ts';
import { signedDigest, verifySignature } from './signature/verify.ts';

/** How the devices verify signatures, where they do. */
export interface SignatureRequirements {
  /** The version of secure boot (or of signed updates without it) that is on. */
  readonly secureBoot?: 1 | 2;
  /** One of the keys that the devices trust; an image has to be signed with it. */
  readonly publicKey?: PublicKey;
}

/** Checks the signature of an image: that it is sound, of the right kind, and by the right key. */
export async function checkSignature(
  source: ByteSource,
  image: AppImage,
  { secureBoot, publicKey }: SignatureRequirements,
): Promise<AppImageIssue[]> {
  const { signature } = image;
  if (signature === null) {
    if (secureBoot === undefined && publicKey === undefined) return [];
    const wanted = secureBoot === undefined ? '' : ` for secure boot version ${secureBoot}`;
    return [missing(`the image is not signed${wanted}`)];
  }
  const version = signature.kind === 'secure-boot-v1' ? 1 : 2;
  const issues: AppImageIssue[] = [];
  if (secureBoot !== undefined && secureBoot !== version) {
    issues.push(
      missing(`the image is signed for secure boot version ${version}, not ${secureBoot}`),
    );
  }
  if (signature.kind === 'secure-boot-v2') {
    issues.push(...(await checkBlocks(source, signature)), ...checkScheme(image, signature));
  }
  if (publicKey !== undefined) {
    const verdict = await verifySignature(source, signature, publicKey);
    if (verdict.kind === 'other-key') issues.push(wrongKey(image, publicKey));
    if (verdict.kind === 'invalid') {
      issues.push({
        code: 'app-image/signature-invalid',
        severity: 'error',
        message: `signature block ${verdict.blockIndex} names the key that was given, but does not verify with it`,
        hint: 'Sign the image again, after the last change to it.',
        location: { kind: 'binary', fileOffset: signature.fileOffset },
      });
    }
  }
  return issues;
}

async function checkBlocks(source: ByteSource, area: SignatureV2): Promise<AppImageIssue[]> {
  const issues: AppImageIssue[] = [];
  const damaged = (index: number, message: string) =>
    issues.push({
      code: 'app-image/signature-damaged',
      severity: 'error',
      message: `signature block ${index} ${message}`,
      hint: 'Sign the image again, after the last change to it.',
      location: { kind: 'binary', fileOffset: area.fileOffset },
    });
  const signed = await source.read(0, area.fileOffset);
  for (const block of area.blocks) {
    if (!block.intact) {
      damaged(block.index, 'is damaged: its CRC is wrong');
      continue;
    }
    const digest = toHex(await signedDigest(signed, block));
    if (digest !== block.imageDigest) {
      damaged(block.index, `signs ${block.imageDigest}, but the image has ${digest}`);
    }
  }
  return issues;
}

function checkScheme({ chip }: AppImage, { blocks, fileOffset }: SignatureV2): AppImageIssue[] {
  if (chip === null) return [];
  const { secureBootV2, title } = chipByName(chip);
  const keys = blocks.flatMap(({ intact, publicKey }) =>
    intact && publicKey !== null ? [publicKey] : [],
  );
  const usable = keys.some(({ kind }) => secureBootV2.includes(kind));
  if (usable || keys.length === 0) return [];
  const wanted = secureBootV2.length === 0 ? 'no signatures' : secureBootV2.join(' or ');
  return [
    {
      code: 'app-image/signature-scheme',
      severity: 'error',
      message: `the image is signed with ${keys.map(describeKey).join(', ')}; the ${title} verifies ${wanted}`,
      hint: 'Sign it with a key of a kind that the chip knows.',
      location: { kind: 'binary', fileOffset },
    },
  ];
}

function missing(message: string): AppImageIssue {
  return {
    code: 'app-image/signature-missing',
    severity: 'error',
    message,
    hint: 'Sign it (espsecure sign-data), or build with the signing key configured.',
  };
}

function wrongKey({ signature }: AppImage, publicKey: PublicKey): AppImageIssue {
  return {
    code: 'app-image/signature-wrong-key',
    severity: 'error',
    message: `no signature of the image was made with the ${describeKey(publicKey)} key that was given`,
    hint: 'Sign it with the key that the devices trust, or give the public key of the one that signed.',
    ...(signature === null
      ? {}
      : { location: { kind: 'binary', fileOffset: signature.fileOffset } as const }),
  };
}
