import { draw } from './chance.ts';

/** How a fleet of virtual devices behaves. Shares go from 0 to 1. */
export interface FleetBehaviour {
  readonly seed: string;
  /** Of the updates: found damaged, refused by the flash, or given up. */
  readonly failShare: number;
  /** Of the updates: written and said to be done, but the bootloader goes on with the old image. */
  readonly bootOldShare: number;
  /** Of the downloads: cut off somewhere in the middle, and resumed. */
  readonly dropShare: number;
  /** Of the devices: asleep most of the time. */
  readonly sleepShare: number;
  /** How long those sleep at a time. */
  readonly sleepMs: number;
  /** Of the devices: fetch in chunks instead of by URL. */
  readonly chunkShare: number;
  /** Of the devices: stay connected for commands while they wait. */
  readonly listenShare: number;
  /** Versions that crash on the given share of devices, so that their bootloader goes back. */
  readonly crashes: ReadonlyMap<string, number>;
}

/** A fleet in which nothing goes wrong. */
export const FAULTLESS: FleetBehaviour = {
  seed: '1',
  failShare: 0,
  bootOldShare: 0,
  dropShare: 0,
  sleepShare: 0,
  sleepMs: 0,
  chunkShare: 0,
  listenShare: 0,
  crashes: new Map(),
};

/** What goes wrong with one update on one device. */
export type UpdateFate =
  | { readonly kind: 'fine' }
  /** The bytes in flash are not those that came. */
  | { readonly kind: 'damaged' }
  /** Writing or switching slots fails. */
  | { readonly kind: 'not-written' }
  /** It never leaves the old image, or the new one crashes before it is confirmed. */
  | { readonly kind: 'boots-old'; readonly reason: string };

/** What the seed has in store for one device: the same for the same names, at any time. */
export function fateOf(
  { seed, failShare, bootOldShare, crashes }: FleetBehaviour,
  deviceId: string,
  packageId: string,
  version: string,
): UpdateFate {
  const names = [seed, deviceId, packageId, version];
  if (draw(...names, 'crash') < (crashes.get(version) ?? 0)) {
    return { kind: 'boots-old', reason: `version ${version} crashed before it was confirmed` };
  }
  if (draw(...names, 'boot-old') < bootOldShare) {
    return { kind: 'boots-old', reason: 'the bootloader went on with the old slot' };
  }
  const failure = draw(...names, 'fail');
  if (failure >= failShare) return { kind: 'fine' };
  return { kind: failure < failShare / 2 ? 'damaged' : 'not-written' };
}

/** The lasting habits of one device. */
export interface DeviceHabits {
  /** How long it sleeps between two contacts; `null` for a device that stays awake. */
  readonly sleepMs: number | null;
  readonly fetches: 'whole' | 'chunks';
  readonly listens: boolean;
}

/** The habits that the seed gives to a device. A sleeping device never listens. */
export function habitsOf(behaviour: FleetBehaviour, deviceId: string): DeviceHabits {
  const { seed, sleepShare, sleepMs, chunkShare, listenShare } = behaviour;
  const sleeps = draw(seed, deviceId, 'sleep') < sleepShare;
  return {
    sleepMs: sleeps ? sleepMs : null,
    fetches: draw(seed, deviceId, 'chunks') < chunkShare ? 'chunks' : 'whole',
    listens: !sleeps && draw(seed, deviceId, 'listen') < listenShare,
  };
}
