import { createHash } from 'node:crypto';
import {
  type AppImage,
  type AppImageCheck,
  checkAppImage,
  type CheckOptions,
} from '../../app-image/index.ts';
import { memorySource } from '../../shared/index.ts';
import { openInputFile } from '../files.ts';

/** No app image comes near; a file beyond is only looked at, not read into memory. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/** An image that a device could take: its bytes as they were when they were checked. */
export interface LoadedImage {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly image: AppImage;
}

/** What came of loading: everything that was found, and the image unless it was refused. */
export interface LoadResult {
  readonly check: AppImageCheck;
  readonly loaded: LoadedImage | null;
}

/**
 * Reads an image and checks the very bytes that would be served.
 *
 * @param previous what was served from this path before: its version matters only for other bytes
 */
export async function loadImage(
  path: string,
  options: Omit<CheckOptions, 'previousVersion' | 'fileName'>,
  previous: { readonly version: string | null; readonly sha256: string } | null,
): Promise<LoadResult> {
  await using source = await openInputFile(path);
  if (source.sizeBytes > LARGEST_BYTES) {
    return { check: await checkAppImage(source, { ...options, fileName: path }), loaded: null };
  }
  // Read and hashed without a copy: the image may be most of what this process holds.
  const bytes = await source.read(0, source.sizeBytes);
  const hash = createHash('sha256').update(bytes).digest('hex');
  const previousVersion = previous !== null && previous.sha256 !== hash ? previous.version : null;
  const check = await checkAppImage(memorySource(bytes), {
    ...options,
    fileName: path,
    ...(previousVersion === null ? {} : { previousVersion }),
  });
  const { inspection, acceptable } = check;
  const image = acceptable && inspection.kind === 'app-image' ? inspection : null;
  return { check, loaded: image === null ? null : { bytes, sha256: hash, image } };
}
