import { ByteReader, decodeCString, toHex } from '../shared/index.ts';

/** `esp_app_desc_t` begins with this. */
export const APP_DESCRIPTOR_MAGIC = 0xabcd5432;
/** Its size; the bootloader wants the first segment of an app to be at least that long. */
export const APP_DESCRIPTOR_BYTES = 256;
/** Where the app's SHA-256 of its ELF file lies within the descriptor. */
export const ELF_SHA256_OFFSET = 144;

/** The texts of a descriptor; each is `null` where its bytes are not UTF-8. */
export interface AppDescriptorTexts {
  readonly version: string | null;
  readonly projectName: string | null;
  readonly time: string | null;
  readonly date: string | null;
  readonly idfVersion: string | null;
}

/** `esp_app_desc_t`: what an app says about itself, in the first bytes of its first segment. */
export interface AppDescriptor extends AppDescriptorTexts {
  /** The version's bytes before the first NUL, for when they are not UTF-8. */
  readonly versionBytes: Uint8Array;
  /** For anti-rollback: a device refuses versions below the one burnt into its eFuses. */
  readonly secureVersion: number;
  /** SHA-256 of the ELF file in hex; all zero where the build did not fill it in. */
  readonly appElfSha256: string;
  /** Major × 100 + minor; 0 means any. */
  readonly minEfuseBlockRevision: number;
  /** Major × 100 + minor; 0 and 65535 mean no limit. */
  readonly maxEfuseBlockRevision: number;
  /** Page size that the image was linked for, or `null` where it does not say (64 KB then). */
  readonly mmuPageSizeBytes: number | null;
  /** 0 none, 1 QIO, 2 QOUT, 3 DIO, 4 DOUT, 5 OPI; ESP-IDF 6 refuses an update that differs. */
  readonly spiFlashMode: number;
}

/**
 * Reads an app descriptor, or answers `null` where the magic word is not there.
 *
 * @param bytes at least 256 bytes from the start of the first segment's data
 */
export function parseAppDescriptor(bytes: Uint8Array): AppDescriptor | null {
  if (bytes.length < APP_DESCRIPTOR_BYTES) return null;
  const reader = new ByteReader(bytes);
  if (reader.u32('magic word') !== APP_DESCRIPTOR_MAGIC) return null;
  const secureVersion = reader.u32('secure version');
  reader.skip(8, 'reserved');
  const version = reader.bytes(32, 'version');
  const projectName = decodeCString(reader.bytes(32, 'project name'));
  const time = decodeCString(reader.bytes(16, 'time'));
  const date = decodeCString(reader.bytes(16, 'date'));
  const idfVersion = decodeCString(reader.bytes(32, 'ESP-IDF version'));
  const appElfSha256 = toHex(reader.bytes(32, 'ELF SHA-256'));
  const minEfuseBlockRevision = reader.u16('minimum eFuse block revision');
  const maxEfuseBlockRevision = reader.u16('maximum eFuse block revision');
  const pageSizeLog2 = reader.u8('MMU page size');
  const spiFlashMode = reader.u8('SPI flash mode');
  const end = version.indexOf(0);
  return {
    version: decodeCString(version),
    versionBytes: end < 0 ? version : version.subarray(0, end),
    projectName,
    time,
    date,
    idfVersion,
    secureVersion,
    appElfSha256,
    minEfuseBlockRevision,
    maxEfuseBlockRevision,
    mmuPageSizeBytes: pageSizeLog2 === 0 || pageSizeLog2 > 30 ? null : 2 ** pageSizeLog2,
    spiFlashMode,
  };
}

/** What {@link serializeAppDescriptor} can be told; all else is zero. */
export interface AppDescriptorFields {
  readonly version?: string;
  readonly projectName?: string;
  readonly time?: string;
  readonly date?: string;
  readonly idfVersion?: string;
  readonly secureVersion?: number;
  readonly appElfSha256?: Uint8Array;
  readonly minEfuseBlockRevision?: number;
  readonly maxEfuseBlockRevision?: number;
  /** A power of two. */
  readonly mmuPageSizeBytes?: number;
  readonly spiFlashMode?: number;
}

/** 256 bytes that {@link parseAppDescriptor} reads back; texts are cut to their field. */
export function serializeAppDescriptor(fields: AppDescriptorFields): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(APP_DESCRIPTOR_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, APP_DESCRIPTOR_MAGIC, true);
  view.setUint32(4, fields.secureVersion ?? 0, true);
  const encoder = new TextEncoder();
  const text = (value: string | undefined, offset: number, size: number) =>
    bytes.set(encoder.encode(value ?? '').subarray(0, size), offset);
  text(fields.version, 16, 32);
  text(fields.projectName, 48, 32);
  text(fields.time, 80, 16);
  text(fields.date, 96, 16);
  text(fields.idfVersion, 112, 32);
  if (fields.appElfSha256 !== undefined) bytes.set(fields.appElfSha256, ELF_SHA256_OFFSET);
  view.setUint16(176, fields.minEfuseBlockRevision ?? 0, true);
  view.setUint16(178, fields.maxEfuseBlockRevision ?? 0, true);
  bytes[180] = fields.mmuPageSizeBytes === undefined ? 0 : Math.log2(fields.mmuPageSizeBytes);
  bytes[181] = fields.spiFlashMode ?? 0;
  return bytes;
}
