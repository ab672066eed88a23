import { isFlashMapped } from '../chips/index.ts';
import { bytesEqual, type ByteSource, readUpTo, sha256, toHex } from '../shared/index.ts';
import { APP_DESCRIPTOR_BYTES, type AppDescriptor, parseAppDescriptor } from './app-descriptor.ts';
import { parseBootloaderDescriptor } from './bootloader-descriptor.ts';
import { CHECKSUM_SEED, xorChecksum } from './checksum.ts';
import type { AppImageIssue } from './codes.ts';
import type { AppImage, BootloaderImage, ChecksumState, HashState } from './image.ts';
import { HASH_BYTES, type ImageLayout } from './layout.ts';
import { findSignature, type SignatureArea } from './signature/area.ts';

/** Reads the image that `layout` was made from, verifies it, and gathers everything wrong with it. */
export async function readImage(
  source: ByteSource,
  layout: ImageLayout,
): Promise<AppImage | BootloaderImage> {
  const { header, chip, segments, imageLengthBytes } = layout;
  const { checksum, hash } = await verifyDigests(source, layout);
  const signature =
    imageLengthBytes === null ? null : await findSignature(source, imageLengthBytes);
  const facts = {
    chip: chip?.name ?? null,
    header,
    entryPoint: header.entryPoint,
    segments,
    checksum,
    hash,
    imageLengthBytes,
    sizeBytes: source.sizeBytes,
    signature,
  };
  const issues = [
    ...layout.faults,
    ...digestIssues(layout, checksum, hash),
    ...trailingIssues(source, layout, signature),
  ];
  const role = await readRole(source, layout);
  if (role.kind === 'bootloader') return { ...facts, ...role, issues };
  const firstSegment = segments[0];
  if (header.extended !== null && firstSegment !== undefined) {
    if (firstSegment.lengthBytes < APP_DESCRIPTOR_BYTES) {
      issues.push({
        code: 'app-image/first-segment-too-small',
        severity: 'error',
        message: `the first segment has ${firstSegment.lengthBytes} bytes, where an app needs ${APP_DESCRIPTOR_BYTES}`,
        hint: 'Link the app descriptor to the start of the first segment.',
        location: { kind: 'binary', fileOffset: firstSegment.fileOffset },
      });
    }
  }
  return { ...facts, ...role, issues };
}

type Role =
  | Pick<AppImage, 'kind' | 'appDescriptor'>
  | Pick<BootloaderImage, 'kind' | 'appDescriptor' | 'bootloaderDescriptor'>;

/**
 * Tells apps from bootloaders: by the descriptor where there is one, otherwise by the fact that a
 * bootloader runs from RAM alone.
 */
export async function readRole(source: ByteSource, layout: ImageLayout): Promise<Role> {
  const { chip, segments } = layout;
  const appDescriptor = await readAppDescriptor(source, layout);
  const app = { kind: 'app-image', appDescriptor } as const;
  const firstSegment = segments[0];
  if (appDescriptor !== null || chip === null || firstSegment === undefined) return app;
  if (chip.name === 'esp8266') return app;
  const bootloaderDescriptor = parseBootloaderDescriptor(
    await readUpTo(source, firstSegment.fileOffset, Math.min(firstSegment.lengthBytes, 80)),
  );
  const runsFromRam = !segments.some(({ loadAddress }) => isFlashMapped(chip, loadAddress));
  const complete = layout.checksumFileOffset !== null;
  return bootloaderDescriptor !== null || (runsFromRam && complete)
    ? { kind: 'bootloader', appDescriptor: null, bootloaderDescriptor }
    : app;
}

async function readAppDescriptor(
  source: ByteSource,
  { segments }: ImageLayout,
): Promise<AppDescriptor | null> {
  const first = segments[0];
  if (first === undefined || first.lengthBytes < APP_DESCRIPTOR_BYTES) return null;
  return parseAppDescriptor(await readUpTo(source, first.fileOffset, APP_DESCRIPTOR_BYTES));
}

async function verifyDigests(
  source: ByteSource,
  { segments, checksumFileOffset, hashAppended }: ImageLayout,
): Promise<{ checksum: ChecksumState; hash: HashState }> {
  if (checksumFileOffset === null || checksumFileOffset >= source.sizeBytes) {
    return {
      checksum: { stored: null, computed: null, valid: false },
      hash: {
        appended: hashAppended,
        stored: null,
        computed: null,
        valid: hashAppended ? false : null,
      },
    };
  }
  const hashed = await source.read(0, checksumFileOffset + 1);
  const computed = segments.reduce(
    (checksum, { fileOffset, lengthBytes }) =>
      xorChecksum(hashed.subarray(fileOffset, fileOffset + lengthBytes), checksum),
    CHECKSUM_SEED,
  );
  const stored = hashed[checksumFileOffset] ?? null;
  const checksum = { stored, computed, valid: stored === computed };
  if (!hashAppended) {
    return { checksum, hash: { appended: false, stored: null, computed: null, valid: null } };
  }
  const digest = await sha256(hashed);
  const storedDigest = await readUpTo(source, hashed.length, HASH_BYTES);
  const whole = storedDigest.length === HASH_BYTES;
  return {
    checksum,
    hash: {
      appended: true,
      stored: whole ? toHex(storedDigest) : null,
      computed: toHex(digest),
      valid: bytesEqual(storedDigest, digest),
    },
  };
}

const DAMAGED = 'The image was damaged after it was built. Build or copy it again.';

function digestIssues(
  { header, checksumFileOffset }: ImageLayout,
  checksum: ChecksumState,
  hash: HashState,
): AppImageIssue[] {
  const issues: AppImageIssue[] = [];
  if (checksum.stored !== null && checksumFileOffset !== null && !checksum.valid) {
    issues.push({
      code: 'app-image/checksum-mismatch',
      severity: 'error',
      message: `the checksum is 0x${hex8(checksum.stored)}, but the segments add up to 0x${hex8(checksum.computed ?? 0)}`,
      hint: DAMAGED,
      location: { kind: 'binary', fileOffset: checksumFileOffset },
    });
  }
  if (hash.stored !== null && hash.valid === false && checksumFileOffset !== null) {
    issues.push({
      code: 'app-image/hash-mismatch',
      severity: 'error',
      message: `the appended SHA-256 is ${hash.stored}, but the image has ${hash.computed ?? ''}`,
      hint: `${DAMAGED} If a tool patched its header, have it redo the hash.`,
      location: { kind: 'binary', fileOffset: checksumFileOffset + 1 },
    });
  }
  if (header.extended !== null && header.extended.hashAppended === 0) {
    issues.push({
      code: 'app-image/hash-missing',
      severity: 'warning',
      message: 'no SHA-256 is appended: only an 8-bit checksum protects the image',
      hint: 'Build without --dont-append-digest.',
      location: { kind: 'binary', fileOffset: 23 },
    });
  }
  return issues;
}

function hex8(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function trailingIssues(
  { sizeBytes }: ByteSource,
  { imageLengthBytes }: ImageLayout,
  signature: SignatureArea | null,
): AppImageIssue[] {
  const end = signature?.endFileOffset ?? imageLengthBytes;
  if (end === null || sizeBytes <= end) return [];
  return [
    {
      code: 'app-image/trailing-bytes',
      severity: 'error',
      message: `the image ends after ${end} bytes, but the file has ${sizeBytes}: ${sizeBytes - end} too many`,
      hint: 'Serve the file that the build made, or cut the image out with `otakit image split`.',
      location: { kind: 'binary', fileOffset: end },
    },
  ];
}
