import { randomBytes } from 'node:crypto';
import { type DeviceOptions, type FlashDevice, openDevice } from '../../src/flash/index.ts';
import type { Clock } from '../../src/shared/index.ts';
import { linkToChip, VirtualChip, type VirtualChipOptions } from '../../src/simulator/index.ts';
import type { Link, OpenLink } from '../../src/transport/index.ts';
import { TurnClock } from './turn-clock.ts';

const turns = new TurnClock();

/** Without the waits of reset sequences: no virtual chip needs its capacitor charged. */
export const quickClock: Clock = {
  now: () => turns.now(),
  monotonicMs: () => turns.monotonicMs(),
  sleep: (durationMs, signal) =>
    turns.sleep(durationMs < 1000 ? Math.min(durationMs, 15) : durationMs, signal),
};

/** A virtual board on a cable of its own. */
export function board(options: Partial<VirtualChipOptions> = {}): VirtualChip {
  return new VirtualChip({ chip: 'esp32c3', clock: quickClock, ...options });
}

/** Opens links to one chip; `alter` makes a link worse than it is. */
export function plug(chip: VirtualChip, alter: (link: Link) => Link = (link) => link): OpenLink {
  return async (target, { baudRate }) => alter(linkToChip(target, chip, baudRate));
}

export function connectTo(
  chip: VirtualChip,
  options: Partial<DeviceOptions> = {},
  alter?: (link: Link) => Link,
): Promise<FlashDevice> {
  return openDevice(plug(chip, alter), 'sim://test', { clock: quickClock, ...options });
}

/** Whole sectors of code-like bytes: some compress, some do not, some are blank. */
export function firmware(sectors: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sectors * 0x1000).map((_, index) => (index * 7) & 0x3f);
  bytes.set(randomBytes(Math.floor(bytes.length / 3)), 100);
  return bytes;
}
