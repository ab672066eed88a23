import { FleetError } from './codes.ts';

/** What a file system says when it is full, or when the user has no more of it. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** What files throw, with a full disk by its name; anything else as it is. */
export function asFullDisk(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && FULL.has(code) ? diskFull(error) : error;
}

/** Runs something that writes files, see {@link asFullDisk}. */
export async function whileWriting<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asFullDisk(error);
  }
}

/** The error for a disk that has no room left. */
export function diskFull(cause: unknown): FleetError {
  return new FleetError('fleet/disk-full', 'The disk of the data folder is full.', {
    hint: 'Make room on it and try again; what was there is whole, and nothing of this was kept.',
    cause,
  });
}
