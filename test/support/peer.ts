import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

/** Where `.ci/run` puts the Python tools; looked into before the PATH. */
const PRIVATE_BIN = fileURLToPath(new URL('../../.peers/bin', import.meta.url));

/** The path of a real tool that tests measure us against, or `null` where it is not installed. */
export function findPeer(name: string): string | null {
  const folders = [
    PRIVATE_BIN,
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/sbin',
  ];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/**
 * A suite against tools that nobody here wrote. Where one is missing the suite is skipped, loudly;
 * where `OTAKIT_PEERS` names it (as CI does for all that it installed) its absence is a failure.
 *
 * @param names the tools' command names, in the order in which `run` gets their paths
 */
export function describeWithPeers(
  names: readonly string[],
  title: string,
  suite: (paths: readonly string[]) => void,
): void {
  const paths = names.map(findPeer);
  const missing = names.filter((_, index) => paths[index] === null);
  const required = (process.env['OTAKIT_PEERS'] ?? '').split(',');
  const broken = missing.filter((name) => required.includes(name));
  if (broken.length > 0) {
    throw new Error(`peers that must be there are missing: ${broken.join(', ')}`);
  }
  if (missing.length > 0) {
    console.warn(
      `SKIPPED "${title}": not installed: ${missing.join(', ')} (.ci/run installs them)`,
    );
    describe.skip(title, () => suite(names));
    return;
  }
  describe(title, () => suite(paths as string[]));
}
