import { createHash } from 'node:crypto';
import { draw } from '../../../src/simulator/fleet/chance.ts';
import type { Life } from './client.ts';

interface Offer {
  readonly package_id: string;
  readonly version: string;
  readonly artifact_id: string;
  readonly size_bytes: number;
  readonly checksum: string;
  readonly rollout_id: string | null;
  readonly artifact_url: string;
}

type OtaAnswer = Partial<Offer> & {
  readonly update_available: boolean;
  readonly packages?: readonly Offer[];
};

interface Instruction {
  readonly command_id: string;
  readonly payload: { readonly number: number };
}

/** The last thing that a device was told was taken of its progress. */
export interface Progress {
  readonly rolloutId: string;
  readonly state: string;
}

/** Of a hundred updates, how many are said to have failed, and how many boot what was there before. */
const FAIL_PERCENT = 8;
const FALL_BACK_PERCENT = 5;

/** A device that keeps what it runs through its own restarts, not the server's. */
export class CrashDevice {
  readonly deviceId: string;
  readonly #secret: string;
  /** What it runs, and what of that the fleet has said that it knows. */
  running: Readonly<Record<string, string>> = {};
  reported = this.running;
  progress: Progress | null = null;
  /** What it was saying of its progress when nobody answered any more. */
  saying: string | null = null;
  /** The cohort that it is in, and the one that it is being moved to. */
  cohortId = 'c';
  movingTo: string | null = null;
  /** What it was told to do, has done, and was told that this was heard; by id, with the number. */
  readonly carriedOut = new Map<string, number>();
  readonly heard = new Set<string>();
  /** Whether it asked for commands and nobody answered. */
  isAskingForCommands = false;
  /** One that does what it should, as all do in the end. */
  isFaultless = false;
  #visits = 0;
  /** Who is doing something that may take its progress back, and how often somebody began to. */
  readonly #unsettledBy = new Set<string>();
  #epoch = 0;

  constructor(deviceId: string, secret: string) {
    this.deviceId = deviceId;
    this.#secret = secret;
  }

  /** From now on, until they {@link settle}, nobody knows what becomes of its progress. */
  unsettle(who: string): void {
    this.progress = null;
    this.#unsettledBy.add(who);
    this.#epoch += 1;
  }

  settle(who: string): void {
    this.#unsettledBy.delete(who);
  }

  /** One contact, from asking to having booted, unless there is nothing to do. */
  async visit(life: Life): Promise<void> {
    this.#visits += 1;
    if (this.running !== this.reported) return this.#reportBoot(life);
    if (this.#chance('commands') < 0.3) await this.takeCommands(life);
    // An offer that was taken back since counts no more, and so does what is said of it.
    const epoch = this.#isSettled ? this.#epoch : null;
    const path = `/api/v1/devices/${this.deviceId}/ota`;
    const answer = await life.get<OtaAnswer>(path, this.#secret);
    if (!answer.update_available) return;
    const offers = answer.packages ?? [answer as Offer];
    for (const offer of offers) {
      await this.#say(life, offer, 'downloading', epoch);
      const bytes = await this.#fetch(life, offer);
      // Taken back, or moved to another cohort, since it was offered.
      if (bytes === null) return;
      const digest = createHash('sha256').update(bytes).digest('hex');
      if (digest !== offer.checksum) throw new Error(`${offer.version} came torn`);
      if (this.#fails(FAIL_PERCENT, 'fails')) return this.#say(life, offer, 'failed', epoch);
      await this.#say(life, offer, 'rebooting', epoch);
    }
    const hasOthers = Object.keys(this.running).length > 0;
    const falls = hasOthers && this.#fails(FALL_BACK_PERCENT, 'falls back');
    if (falls) this.progress = null;
    const booted = offers.map((offer) => [offer.package_id, offer.version] as const);
    this.running = { ...this.running, ...(falls ? {} : Object.fromEntries(booted)) };
    await this.#reportBoot(life, falls);
  }

  /** What nobody has confirmed is said again; then come new ones. Each is carried out once. */
  async takeCommands(life: Life): Promise<void> {
    const path = `/api/v1/devices/${this.deviceId}/commands`;
    await this.#confirm(life, path);
    this.isAskingForCommands = true;
    const { commands } = await life.get<{ commands: Instruction[] }>(path, this.#secret);
    this.isAskingForCommands = false;
    for (const { command_id: commandId, payload } of commands) {
      if (this.heard.has(commandId)) throw new Error(`${commandId} came again`);
      this.carriedOut.set(commandId, payload.number);
    }
    await this.#confirm(life, path);
  }

  async #confirm(life: Life, path: string): Promise<void> {
    for (const [commandId, number] of this.carriedOut) {
      if (this.heard.has(commandId)) continue;
      const { status } = await life.ask(`${path}/${commandId}/ack`, {
        method: 'POST',
        token: this.#secret,
        json: { result: { number } },
      });
      if (status !== 204) throw new Error(`ack of ${commandId}: ${status}`);
      this.heard.add(commandId);
    }
  }

  #chance(what: string): number {
    return draw(this.deviceId, what, this.#visits);
  }

  #fails(percent: number, what: string): boolean {
    return !this.isFaultless && this.#chance(what) * 100 < percent;
  }

  /** The bytes; `null` where they are not for it any more. */
  async #fetch(life: Life, offer: Offer): Promise<Uint8Array | null> {
    if (this.#chance('whole') < 0.5) {
      return bytesOf(await life.ask(offer.artifact_url, { token: '' }));
    }
    const parts: Uint8Array[] = [];
    for (let offset = 0; offset < offer.size_bytes; offset += 65_536) {
      const query = new URLSearchParams({
        package_id: offer.package_id,
        artifact_id: offer.artifact_id,
        offset: String(offset),
      });
      const path = `/api/v1/devices/${this.deviceId}/ota/chunk?${query.toString()}`;
      const reply = await life.ask(path, { token: this.#secret });
      if (bytesOf(reply) === null) return null;
      parts.push(Buffer.from(String(reply.json['data']), 'base64'));
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  async #say(life: Life, offer: Offer, state: string, epoch: number | null): Promise<void> {
    if (state === 'failed') this.progress = null;
    this.saying = state;
    const { status } = await life.ask(`/api/v1/devices/${this.deviceId}/ota/status`, {
      method: 'POST',
      token: this.#secret,
      json: { rollout_id: offer.rollout_id, package_id: offer.package_id, status: state },
    });
    if (status !== 204) throw new Error(`status ${state}: ${status}`);
    this.saying = null;
    const { rollout_id: rolloutId } = offer;
    const counts = rolloutId !== null && state !== 'failed' && epoch === this.#epoch;
    this.progress = counts ? { rolloutId, state } : null;
  }

  async #reportBoot(life: Life, fellBack = false): Promise<void> {
    const { running } = this;
    const { status } = await life.ask(`/api/v1/devices/${this.deviceId}/boot`, {
      method: 'POST',
      token: this.#secret,
      json: {
        packages: Object.entries(running).map(([package_id, version]) => ({ package_id, version })),
      },
    });
    if (status !== 204) throw new Error(`boot: ${status}`);
    this.reported = running;
    const known = fellBack ? null : this.progress;
    this.progress = known && { ...known, state: 'soaking' };
  }

  get #isSettled(): boolean {
    return this.#unsettledBy.size === 0;
  }
}

function bytesOf({ status, bytes, json }: Awaited<ReturnType<Life['ask']>>): Uint8Array | null {
  if (status === 200) return bytes;
  if (json['code'] === 'fleet/not-assigned') return null;
  throw new Error(`an artifact: ${status} ${JSON.stringify(json)}`);
}
