import { createFleet, openStore } from '../../src/fleet/index.ts';
import type { BlobStore, FleetStore } from '../../src/fleet/index.ts';
import { ManualClock } from './manual-clock.ts';

/** A fleet in memory with a clock that the test moves; bytes have no place in it. */
export async function memoryFleet() {
  const clock = new ManualClock();
  const store: FleetStore = await openStore({ file: ':memory:', clock });
  const fleet = createFleet({ store, blobs: NO_BYTES, clock });
  return { fleet, store, clock, [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose]() };
}

const nothing = () => Promise.reject(new Error('this fleet keeps no bytes'));

/** For fleets whose artifacts have no bytes. */
export const NO_BYTES: BlobStore = {
  stage: nothing,
  open: () => Promise.resolve(null),
  has: () => Promise.resolve(false),
  delete: () => Promise.resolve(false),
  list: async function* () {},
};
