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

/** The last thing that a device was told was taken of its progress. */
export interface Progress {
  readonly rolloutId: string;
  readonly state: string;
}

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
  #visits = 0;

  constructor(deviceId: string, secret: string) {
    this.deviceId = deviceId;
    this.#secret = secret;
  }

  /** One contact, from asking to having booted, unless there is nothing to do. */
  async visit(life: Life): Promise<void> {
    this.#visits += 1;
    if (this.running !== this.reported) return this.#reportBoot(life);
    const path = `/api/v1/devices/${this.deviceId}/ota`;
    const answer = await life.get<OtaAnswer>(path, this.#secret);
    if (!answer.update_available) return;
    const offers = answer.packages ?? [answer as Offer];
    for (const offer of offers) {
      await this.#say(life, offer, 'downloading');
      const bytes = await this.#fetch(life, offer);
      const digest = createHash('sha256').update(bytes).digest('hex');
      if (digest !== offer.checksum) throw new Error(`${offer.version} came torn`);
      await this.#say(life, offer, 'rebooting');
    }
    const booted = offers.map((offer) => [offer.package_id, offer.version] as const);
    this.running = { ...this.running, ...Object.fromEntries(booted) };
    await this.#reportBoot(life);
  }

  async #fetch(life: Life, offer: Offer): Promise<Uint8Array> {
    if (draw(this.deviceId, this.#visits) < 0.5) {
      return (await life.ask(offer.artifact_url, { token: '' })).bytes;
    }
    const parts: Uint8Array[] = [];
    for (let offset = 0; offset < offer.size_bytes; offset += 65_536) {
      const query = new URLSearchParams({
        package_id: offer.package_id,
        artifact_id: offer.artifact_id,
        offset: String(offset),
      });
      const path = `/api/v1/devices/${this.deviceId}/ota/chunk?${query.toString()}`;
      const { data } = await life.get<{ data: string }>(path, this.#secret);
      parts.push(Buffer.from(data, 'base64'));
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  async #say(life: Life, offer: Offer, state: string): Promise<void> {
    this.saying = state;
    const { status } = await life.ask(`/api/v1/devices/${this.deviceId}/ota/status`, {
      method: 'POST',
      token: this.#secret,
      json: { rollout_id: offer.rollout_id, package_id: offer.package_id, status: state },
    });
    if (status !== 204) throw new Error(`status ${state}: ${status}`);
    this.saying = null;
    if (offer.rollout_id !== null) this.progress = { rolloutId: offer.rollout_id, state };
  }

  async #reportBoot(life: Life): Promise<void> {
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
    this.progress = this.progress && { ...this.progress, state: 'soaking' };
  }
}
