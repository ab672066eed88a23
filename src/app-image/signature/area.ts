import { alignUp, bytesEqual, type ByteSource, readUpTo } from '../../shared/index.ts';
import {
  BLOCK_BYTES,
  BLOCK_MAGIC,
  MAX_BLOCKS,
  parseSignatureBlock,
  type SignatureBlock,
} from './block.ts';

/** Signatures of version 2 fill a whole flash sector behind the image. */
const SECTOR_BYTES = 4096;
const V1_VERSION_BYTES = 4;
/** Version word, then r and s of an ECDSA P-256 signature, 32 bytes each. */
const V1_BYTES = V1_VERSION_BYTES + 64;

/** The signature of secure boot version 1: ECDSA P-256 over everything before it. */
export interface SignatureV1 {
  readonly kind: 'secure-boot-v1';
  readonly fileOffset: number;
  /** Length of image and signature together. */
  readonly endFileOffset: number;
  /** r and s, 32 bytes each, most significant first. */
  readonly signature: Uint8Array;
}

/** The signature sector of secure boot version 2, with one to three signers. */
export interface SignatureV2 {
  readonly kind: 'secure-boot-v2';
  readonly fileOffset: number;
  readonly endFileOffset: number;
  readonly blocks: readonly SignatureBlock[];
}

/** What is signed, and by whom; to be verified with {@link verifySignature}. */
export type SignatureArea = SignatureV1 | SignatureV2;

/**
 * Finds the signature behind an image, or answers `null`.
 *
 * @param imageLengthBytes with checksum and hash
 */
export async function findSignature(
  source: ByteSource,
  imageLengthBytes: number,
): Promise<SignatureArea | null> {
  return (
    (await findV2(source, alignUp(imageLengthBytes, SECTOR_BYTES))) ??
    (await findV1(source, imageLengthBytes))
  );
}

async function findV2(source: ByteSource, fileOffset: number): Promise<SignatureV2 | null> {
  const sector = await readUpTo(source, fileOffset, SECTOR_BYTES);
  if (sector.length < SECTOR_BYTES || sector[0] !== BLOCK_MAGIC) return null;
  const blocks: SignatureBlock[] = [];
  for (let index = 0; index < MAX_BLOCKS; index++) {
    const bytes = sector.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    if (bytes[0] !== BLOCK_MAGIC) break;
    blocks.push(await parseSignatureBlock(bytes, index));
  }
  return { kind: 'secure-boot-v2', fileOffset, endFileOffset: fileOffset + SECTOR_BYTES, blocks };
}

async function findV1(source: ByteSource, fileOffset: number): Promise<SignatureV1 | null> {
  if (source.sizeBytes !== fileOffset + V1_BYTES) return null;
  const bytes = await source.read(fileOffset, V1_BYTES);
  if (!bytesEqual(bytes.subarray(0, V1_VERSION_BYTES), new Uint8Array(V1_VERSION_BYTES))) {
    return null;
  }
  const signature = bytes.subarray(V1_VERSION_BYTES);
  return { kind: 'secure-boot-v1', fileOffset, endFileOffset: source.sizeBytes, signature };
}
