import { draw } from '../../../src/simulator/fleet/chance.ts';
import type { Life } from './client.ts';
import type { CrashDevice } from './devices.ts';

/** A command as the fleet has it. */
export interface Queued {
  readonly commandId: string;
  readonly deviceId: string;
  readonly payload: { readonly number: number };
  readonly state: string;
  readonly deliveries: number;
  readonly result: unknown;
}

const MOVED_DEVICES = 3;

/** What else goes on: commands are queued, devices are moved between two cohorts, backups are made. */
export class Chores {
  /** Commands that were acknowledged, by id. */
  readonly queued = new Map<string, Queued>();
  readonly #seed: string;
  readonly #token: string;
  readonly #devices: readonly CrashDevice[];
  #steps = 0;
  #numbers = 0;
  /** The command that was asked for and not answered yet. */
  #asked: { readonly deviceId: string; readonly number: number } | null = null;

  constructor(seed: string, token: string, devices: readonly CrashDevice[]) {
    this.#seed = seed;
    this.#token = token;
    this.#devices = devices;
  }

  /** Devices that are moved; they do not fail, since nobody would tell them to try again. */
  get moved(): readonly CrashDevice[] {
    return this.#devices.slice(0, MOVED_DEVICES);
  }

  async step(life: Life): Promise<void> {
    this.#steps += 1;
    const chance = draw(this.#seed, 'chore', this.#steps);
    const half = this.moved.find(({ movingTo }) => movingTo !== null);
    if (half !== undefined) return this.move(life, half, half.movingTo ?? 'c');
    if (this.#asked !== null || chance < 0.5) return this.#queue(life);
    if (chance < 0.92) {
      const device = this.moved[this.#steps % MOVED_DEVICES];
      if (device !== undefined) await this.move(life, device, device.cohortId === 'c' ? 'd' : 'c');
      return;
    }
    await backUp(life, this.#token);
  }

  /** Into another cohort; asked again as it was, it changes nothing. */
  async move(life: Life, device: CrashDevice, cohortId: string): Promise<void> {
    device.unsettle('move');
    device.movingTo = cohortId;
    const { status, json } = await life.ask(`/api/v1/devices/${device.deviceId}`, {
      method: 'PATCH',
      token: this.#token,
      json: { cohortId },
    });
    if (status !== 200) throw new Error(`move: ${status} ${JSON.stringify(json)}`);
    device.cohortId = cohortId;
    device.movingTo = null;
    device.settle('move');
  }

  async #queue(life: Life): Promise<void> {
    this.#asked ??= this.#nextCommand();
    const { deviceId, number } = this.#asked;
    const path = `/api/v1/devices/${deviceId}/commands`;
    const { status, json } = await life.ask(path, {
      method: 'POST',
      token: this.#token,
      json: { name: 'blink', payload: { number } },
      headers: { 'Idempotency-Key': `command-${number}` },
    });
    // Killed before or after it was queued: the answer to a repeat is the same.
    if (status !== 201) throw new Error(`command: ${status} ${JSON.stringify(json)}`);
    const command = json as unknown as Queued;
    this.queued.set(command.commandId, command);
    this.#asked = null;
  }

  #nextCommand() {
    this.#numbers += 1;
    const index = Math.floor(draw(this.#seed, 'for', this.#numbers) * this.#devices.length);
    return { deviceId: this.#devices[index]?.deviceId ?? '', number: this.#numbers };
  }
}

/** A copy of everything, as one file. */
export async function backUp(life: Life, token: string): Promise<Uint8Array> {
  const { status, bytes } = await life.ask('/api/v1/backup', { method: 'POST', token });
  if (status !== 200) throw new Error(`backup: ${status}`);
  return bytes;
}
