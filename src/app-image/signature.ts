import { alignUp, type ByteSource } from '../shared/index.ts';

/** Signatures of version 2 fill a whole flash sector behind the image. */
const SECTOR_BYTES = 4096;
const V2_MAGIC = 0xe7;
/** Version word and an ECDSA P-256 signature. */
const V1_BYTES = 68;

/** Where the signature of an image lies; `endFileOffset` is the length of image and signature. */
export interface SignatureArea {
  readonly kind: 'secure-boot-v1' | 'secure-boot-v2';
  readonly fileOffset: number;
  readonly endFileOffset: number;
}

/** Finds the signature behind an image of `imageLengthBytes`, or answers `null`. */
export async function findSignature(
  source: ByteSource,
  imageLengthBytes: number,
): Promise<SignatureArea | null> {
  const sector = alignUp(imageLengthBytes, SECTOR_BYTES);
  if (sector + SECTOR_BYTES <= source.sizeBytes) {
    const [magic, version] = await source.read(sector, 2);
    if (magic === V2_MAGIC && (version === 2 || version === 3)) {
      return {
        kind: 'secure-boot-v2',
        fileOffset: sector,
        endFileOffset: sector + SECTOR_BYTES,
      };
    }
  }
  if (source.sizeBytes === imageLengthBytes + V1_BYTES) {
    const version = await source.read(imageLengthBytes, 4);
    if (version.every((byte) => byte === 0)) {
      return {
        kind: 'secure-boot-v1',
        fileOffset: imageLengthBytes,
        endFileOffset: source.sizeBytes,
      };
    }
  }
  return null;
}
