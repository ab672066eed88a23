/** What a device looks at before it goes on with an image: the first bytes, up to the descriptor's end. */
export const HEAD_BYTES = 24 + 8 + 256;

const IMAGE_MAGIC = 0xe9;
const CHIP_OFFSET = 12;
const DESCRIPTOR_OFFSET = 32;
const DESCRIPTOR_MAGIC = 0xabcd5432;
const SECURE_VERSION_OFFSET = DESCRIPTOR_OFFSET + 4;
const ELF_SHA_OFFSET = DESCRIPTOR_OFFSET + 144;
const SHA_BYTES = 32;

/** Facts from the first bytes of an app image. */
export interface ImageHead {
  readonly isImage: boolean;
  /** The number in the image header. */
  readonly chipId: number;
  readonly secureVersion: number;
  /** Lower-case hex; `null` where there is no app descriptor. */
  readonly elfSha256: string | null;
}

/** Reads what a device reads of an image that is still coming in; takes any bytes. */
export function readImageHead(head: Uint8Array): ImageHead {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const isImage = head.length >= DESCRIPTOR_OFFSET && head[0] === IMAGE_MAGIC;
  const hasDescriptor =
    isImage &&
    head.length >= HEAD_BYTES &&
    view.getUint32(DESCRIPTOR_OFFSET, true) === DESCRIPTOR_MAGIC;
  return {
    isImage,
    chipId: isImage ? view.getUint16(CHIP_OFFSET, true) : -1,
    secureVersion: hasDescriptor ? view.getUint32(SECURE_VERSION_OFFSET, true) : 0,
    elfSha256: hasDescriptor
      ? Buffer.from(head.subarray(ELF_SHA_OFFSET, ELF_SHA_OFFSET + SHA_BYTES)).toString('hex')
      : null,
  };
}
