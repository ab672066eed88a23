import type { Clock } from '../../shared/index.ts';
import type { FleetBehaviour } from './behaviour.ts';
import { type Board, FleetDevice } from './device.ts';
import { DeviceClient } from './device-client.ts';
import type { VirtualDeviceEvent } from './device-events.ts';
import { draw } from './chance.ts';
import type { DeviceHttp } from './device-http.ts';
import type { DeviceMemory } from './device-memory.ts';

/** What a fleet is made of. */
export interface VirtualFleetParts {
  readonly devices: readonly DeviceMemory[];
  readonly http: DeviceHttp;
  readonly board: Board;
  readonly behaviour: FleetBehaviour;
  readonly clock: Clock;
  /** How many times faster than the server's time the clock goes; 1 by default. */
  readonly speed?: number;
  /** How many devices may wait for commands at a time, each on a connection of its own. */
  readonly listeningPlaces: number;
  /** Over how long their first contacts are spread, as power comes back to a town. */
  readonly startWithinMs: number;
  readonly onEvent?: (event: VirtualDeviceEvent) => void;
  readonly onMemory?: (memory: DeviceMemory) => void;
}

/** Many virtual devices in one process. */
export class VirtualFleet {
  readonly devices: readonly FleetDevice[];
  readonly #parts: VirtualFleetParts;
  #places: number;

  constructor(parts: VirtualFleetParts) {
    this.#parts = parts;
    this.#places = parts.listeningPlaces;
    const { http, board, behaviour, clock, speed = 1 } = parts;
    const { onEvent = () => {}, onMemory = () => {} } = parts;
    const takeListeningPlace = () => this.#takePlace();
    this.devices = parts.devices.map(
      (memory) =>
        new FleetDevice({
          memory,
          client: new DeviceClient(http, memory, speed),
          board,
          behaviour,
          clock,
          speed,
          onEvent,
          onMemory,
          takeListeningPlace,
        }),
    );
  }

  /** Runs all devices until the signal ends them; rejects with its reason, or the first bug. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock, behaviour, startWithinMs, devices } = this.#parts;
    const failed = new AbortController();
    const both = AbortSignal.any([signal, failed.signal]);
    const lives = this.devices.map(async (device, index) => {
      try {
        const id = devices[index]?.deviceId ?? '';
        await clock.sleep(draw(behaviour.seed, id, 'start') * startWithinMs, both);
        await device.run(both);
      } catch (error) {
        failed.abort(error);
      }
    });
    await Promise.all(lives);
    signal.throwIfAborted();
    throw failed.signal.reason as Error;
  }

  #takePlace(): Disposable | null {
    if (this.#places === 0) return null;
    this.#places -= 1;
    return {
      [Symbol.dispose]: () => {
        this.#places += 1;
      },
    };
  }
}
