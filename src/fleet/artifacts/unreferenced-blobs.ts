import type { FleetContext } from '../context.ts';

/**
 * Bytes that no artifact has go, unless something else needs them or may do so; asked and deleted in one
 * transaction, so that no upload comes between.
 */
export async function dropIfUnreferenced(
  { store, blobs, keptBlobs }: Pick<FleetContext, 'store' | 'blobs' | 'keptBlobs'>,
  sha256: string,
): Promise<boolean> {
  if (keptBlobs === null || keptBlobs.has(sha256)) return false;
  return store.transaction(async ({ artifacts }) => {
    const { total } = await artifacts.list({ sha256 }, { page: 0, perPage: 1 });
    return total === 0 && (await blobs.delete(sha256));
  });
}

/**
 * Removes what a crash between bytes and record left behind; for the start of a server.
 *
 * @param keptBlobs digests of bytes that something else needs; `null` where that is not known: nothing goes
 * @returns how many there were
 */
export async function dropUnreferencedBlobs(
  parts: Pick<FleetContext, 'store' | 'blobs'>,
  keptBlobs: ReadonlySet<string> | null = new Set(),
): Promise<number> {
  let dropped = 0;
  for await (const { sha256 } of parts.blobs.list()) {
    if (await dropIfUnreferenced({ ...parts, keptBlobs }, sha256)) dropped += 1;
  }
  return dropped;
}
