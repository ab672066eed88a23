import type { VirtualDeviceEvent, VirtualDeviceState } from '../../../simulator/index.ts';

/** How a virtual fleet stands, for the summary and for `--json`. */
export interface FleetSummary {
  readonly devices: number;
  /** How many are in which state; states without a device are left out. */
  readonly states: Readonly<Partial<Record<VirtualDeviceState, number>>>;
  /** How many run which version, most first. */
  readonly versions: Readonly<Record<string, number>>;
  readonly updated: number;
  readonly failed: number;
  readonly rolledBack: number;
  readonly resumed: number;
  readonly commands: number;
  /** Requests that failed and were tried again. */
  readonly troubles: number;
}

/** Counts what the devices of a fleet do. */
export class FleetTally {
  readonly #states = new Map<string, VirtualDeviceState>();
  readonly #versions = new Map<string, string>();
  readonly #counts = { updated: 0, failed: 0, rolledBack: 0, resumed: 0, commands: 0, troubles: 0 };
  /** The last thing worth a line. */
  lastTrouble: string | null = null;

  /** @param running what each device runs before anything happened */
  constructor(running: ReadonlyMap<string, string>) {
    for (const [deviceId, version] of running) {
      this.#states.set(deviceId, 'off');
      this.#versions.set(deviceId, version);
    }
  }

  add(event: VirtualDeviceEvent): void {
    const counts = this.#counts;
    switch (event.kind) {
      case 'state':
        this.#states.set(event.deviceId, event.state);
        break;
      case 'booted':
        this.#versions.set(event.deviceId, event.version);
        if (event.updated) counts.updated += 1;
        break;
      case 'failed':
        counts.failed += 1;
        break;
      case 'rolled-back':
        counts.rolledBack += 1;
        break;
      case 'resumed':
        counts.resumed += 1;
        break;
      case 'command':
        counts.commands += 1;
        break;
      case 'trouble':
        counts.troubles += 1;
        this.lastTrouble = `${event.deviceId}: ${event.message}`;
        break;
      case 'offered':
        break;
    }
  }

  summary(): FleetSummary {
    const states = count(this.#states.values());
    return {
      devices: this.#states.size,
      states: Object.fromEntries(states),
      versions: Object.fromEntries(count(this.#versions.values())),
      ...this.#counts,
    };
  }
}

function count(values: Iterable<string>): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]);
}
