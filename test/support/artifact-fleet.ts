import { createHash } from 'node:crypto';
import {
  type BlobStore,
  createFleet,
  createMemoryBlobs,
  type FleetOptions,
  openStore,
} from '../../src/fleet/index.ts';
import { ManualClock } from './manual-clock.ts';

/** Who does things in these tests. */
export const CI = 'token:tok_ci';

/** Two slots of 1 MB on 4 MB of flash. */
export const TABLE = `nvs,      data, nvs,   0x9000,   0x5000
otadata,  data, ota,   0xe000,   0x2000
ota_0,    app,  ota_0, 0x10000,  1M
ota_1,    app,  ota_1, 0x110000, 1M
`;

/** A fleet that keeps bytes, with a package `main`, a package `model`, and two kinds of hardware. */
export async function artifactFleet(
  options: Partial<FleetOptions> = {},
  blobs: BlobStore = createMemoryBlobs(),
) {
  const clock = new ManualClock();
  const store = await openStore({ file: ':memory:', clock });
  const fleet = createFleet({ store, blobs, clock, options });
  await fleet.packages.create(CI, { packageId: 'main' });
  await fleet.packages.create(CI, { packageId: 'model', kind: 'binary' });
  const hardware = {
    chip: 'esp32',
    flashSizeBytes: 4 * 1024 * 1024,
    partitionTable: TABLE,
  } as const;
  await fleet.blueprints.create(CI, { ...hardware, blueprintId: 'sensor' });
  await fleet.blueprints.create(CI, { ...hardware, blueprintId: 'gateway' });
  return {
    fleet,
    store,
    blobs,
    clock,
    kept: async () => {
      const names: string[] = [];
      for await (const { sha256 } of blobs.list()) names.push(sha256);
      return names;
    },
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}

/** Bytes as they come over a network: in pieces. */
export async function* inPieces(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Lower-case hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
