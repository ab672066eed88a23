import type { ChipName, MemoryKind } from '../chips/index.ts';
import type { PartitionTable } from '../partition-table/index.ts';
import type { AppDescriptor } from './app-descriptor.ts';
import type { BootloaderDescriptor } from './bootloader-descriptor.ts';
import type { AppImageIssue } from './codes.ts';
import type { ImageHeader } from './header.ts';
import type { SignatureArea } from './signature/area.ts';

/** One segment of an image. */
export interface Segment {
  readonly index: number;
  readonly loadAddress: number;
  readonly lengthBytes: number;
  /** Where its data starts in the image, after its own 8-byte header. */
  readonly fileOffset: number;
  /** What it loads to; `PADDING` is not loaded at all, `null` is no memory of the chip. */
  readonly memory: MemoryKind | 'PADDING' | null;
}

/** The XOR over all segment data that every image ends with. */
export interface ChecksumState {
  /** `null` where the image is cut short before it. */
  readonly stored: number | null;
  readonly computed: number | null;
  readonly valid: boolean;
}

/** The SHA-256 that may follow the checksum; digests in hex. */
export interface HashState {
  readonly appended: boolean;
  readonly stored: string | null;
  readonly computed: string | null;
  /** `null` where none is appended. */
  readonly valid: boolean | null;
}

/** What app images and bootloaders have in common. */
export interface ImageFacts {
  /** `null` where the header names a chip id that nobody knows. */
  readonly chip: ChipName | null;
  readonly header: ImageHeader;
  readonly entryPoint: number;
  readonly segments: readonly Segment[];
  readonly checksum: ChecksumState;
  readonly hash: HashState;
  /**
   * What the headers declare, checksum and hash included, signature not; `null` where the file ends
   * before its last segment header. The file may be longer or shorter.
   */
  readonly imageLengthBytes: number | null;
  /** The whole file. */
  readonly sizeBytes: number;
  /** Signature blocks behind the image, or `null`. */
  readonly signature: SignatureArea | null;
  /** What is wrong with the image in itself. */
  readonly issues: readonly AppImageIssue[];
}

/** An application, as an OTA slot takes it. */
export interface AppImage extends ImageFacts {
  readonly kind: 'app-image';
  readonly appDescriptor: AppDescriptor | null;
}

/** A second-stage bootloader. */
export interface BootloaderImage extends ImageFacts {
  readonly kind: 'bootloader';
  readonly appDescriptor: null;
  /** `null` in bootloaders from before ESP-IDF 5.1. */
  readonly bootloaderDescriptor: BootloaderDescriptor | null;
}

/** An image found inside a merged image or flash dump. */
export interface EmbeddedImage {
  readonly kind: 'app-image' | 'bootloader';
  readonly chip: ChipName | null;
  /** Where it starts in the file. */
  readonly fileOffset: number;
  /** Where it is to lie in flash. */
  readonly flashOffset: number;
  /** What its headers declare, with hash; what of it is there where it is cut short. */
  readonly lengthBytes: number;
  /** Whether the file has all of it. */
  readonly complete: boolean;
  readonly appDescriptor: AppDescriptor | null;
  /** The partition it lies in, where a table was found that has one there. */
  readonly partitionName: string | null;
}

/** Bootloader, table and app in one file, or a dump of a flash chip. */
export interface MergedImage {
  readonly kind: 'merged-image';
  readonly sizeBytes: number;
  readonly chip: ChipName | null;
  /** Where in flash the first byte of the file belongs: 0x1000 for an ESP32 file without the gap. */
  readonly baseFlashOffset: number;
  /** Where the partition table starts in the file, or `null` where none was found. */
  readonly partitionTableFileOffset: number | null;
  /** The table itself; `null` where there is none or it is damaged. */
  readonly partitionTable: PartitionTable | null;
  readonly images: readonly EmbeddedImage[];
  readonly issues: readonly AppImageIssue[];
}

/** Something that is no image at all. */
export interface OtherFile {
  readonly kind:
    | 'partition-table'
    | 'elf'
    | 'uf2'
    | 'intel-hex'
    | 'gzip'
    | 'html'
    | 'empty-flash'
    | 'encrypted'
    | 'unknown';
  readonly sizeBytes: number;
  readonly issues: readonly AppImageIssue[];
}

/** What a file turned out to be. */
export type ImageInspection = AppImage | BootloaderImage | MergedImage | OtherFile;
