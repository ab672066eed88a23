import type { FleetContext } from '../context.ts';

/** Bytes that no artifact has go; asked and deleted in one transaction, so that no upload comes between. */
export async function dropIfUnreferenced(
  { store, blobs }: Pick<FleetContext, 'store' | 'blobs'>,
  sha256: string,
): Promise<boolean> {
  return store.transaction(async ({ artifacts }) => {
    const { total } = await artifacts.list({ sha256 }, { page: 0, perPage: 1 });
    return total === 0 && (await blobs.delete(sha256));
  });
}

/**
 * Removes what a crash between bytes and record left behind; for the start of a server.
 *
 * @param kept digests of bytes that something else needs
 * @returns how many there were
 */
export async function dropUnreferencedBlobs(
  parts: Pick<FleetContext, 'store' | 'blobs'>,
  kept: ReadonlySet<string> = new Set(),
): Promise<number> {
  let dropped = 0;
  for await (const { sha256 } of parts.blobs.list()) {
    if (!kept.has(sha256) && (await dropIfUnreferenced(parts, sha256))) dropped += 1;
  }
  return dropped;
}
