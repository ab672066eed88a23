import { systemClock } from '../../../shared/index.ts';
import {
  type DeviceMemory,
  factoryState,
  type FleetFile,
  readFleetFile,
  writeFleetFile,
} from '../../../simulator/index.ts';
import type { Registrar } from './register.ts';

const AT_ONCE = 16;
const SAVE_MS = 1000;

/** Which devices a virtual fleet shall have. */
export interface WantedFleet {
  readonly count: number;
  readonly prefix: string;
  /** What new devices run. */
  readonly version: string;
  readonly blueprintId: string | null;
  readonly cohortId: string | null;
}

/** The devices of a virtual fleet, and the file that keeps them. */
export class FleetMembers {
  readonly #file: FleetFile;
  readonly #kept: Map<string, DeviceMemory>;
  #isDirty = false;

  private constructor(file: FleetFile, kept: readonly DeviceMemory[]) {
    this.#file = file;
    this.#kept = new Map(kept.map((memory) => [memory.deviceId, memory]));
  }

  /** @throws SimulatorError `simulator/state-unusable`, `simulator/state-differs` */
  static async open(file: FleetFile, fresh: boolean): Promise<FleetMembers> {
    return new FleetMembers(file, fresh ? [] : await readFleetFile(file));
  }

  /** Registers whoever is missing, and answers with all that were wanted. */
  async gather(
    wanted: WantedFleet,
    register: Registrar,
    signal: AbortSignal,
    onRegistered: (done: number, all: number) => void,
  ): Promise<readonly DeviceMemory[]> {
    const { count, prefix, version, blueprintId, cohortId } = wanted;
    const digits = Math.max(4, String(count).length);
    const ids = Array.from(
      { length: count },
      (_, index) => `${prefix}-${String(index + 1).padStart(digits, '0')}`,
    );
    const missing = ids.filter((id) => !this.#kept.has(id));
    const queue = [...missing];
    const all = queue.length;
    let done = 0;
    const image = { version, sha256: '', elfSha256: null, secureVersion: 0 };
    const work = async () => {
      for (let deviceId = queue.shift(); deviceId !== undefined; deviceId = queue.shift()) {
        const secret = await register({ deviceId, blueprintId, cohortId }, signal);
        const main = factoryState(image);
        this.keep({ deviceId, secret, main, others: {}, secureVersion: 0, bootCount: 0 });
        done += 1;
        onRegistered(done, all);
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    } finally {
      // Those who are registered must not be lost with one who could not be.
      queue.length = 0;
      await this.save();
    }
    return ids.flatMap((id) => this.#kept.get(id) ?? []);
  }

  keep(memory: DeviceMemory): void {
    this.#kept.set(memory.deviceId, memory);
    this.#isDirty = true;
  }

  async save(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    await writeFleetFile(this.#file, this.#kept.values());
  }

  /** Saves once a second while something changes; ends with the signal. */
  async saveWhile(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await systemClock.sleep(SAVE_MS, signal).catch(() => {});
      await this.save();
    }
  }
}
