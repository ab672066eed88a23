import { createHash } from 'node:crypto';
import { draw } from '../../../src/simulator/fleet/chance.ts';
import { buildTestApp } from '../../support/build-image.ts';
import type { Life } from './client.ts';

/** An artifact as the fleet has it. */
export interface Uploaded {
  readonly artifactId: string;
  readonly packageId: string;
  readonly version: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Uploads one version after the other, in pieces, and knows which were taken. */
export class Uploads {
  readonly taken: Uploaded[] = [];
  readonly #seed: string;
  readonly #token: string;
  #next = 1;

  constructor(seed: string, token: string) {
    this.#seed = seed;
    this.#token = token;
  }

  /** Uploads the next version; one that was interrupted is uploaded again, the very same bytes. */
  async step(life: Life): Promise<void> {
    const number = this.#next;
    const isImage = number % 2 === 1;
    const version = `1.0.${number}`;
    const bytes = isImage
      ? await buildTestApp({ descriptor: { version }, codeBytes: 1000 + number })
      : await model(this.#seed, number);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const packageId = isImage ? 'main' : 'model';
    const query = new URLSearchParams({ packageId, version, sha256 });
    if (isImage) query.set('blueprintId', 'sensor');
    const { status, json } = await life.ask(`/api/v1/artifacts?${query.toString()}`, {
      method: 'POST',
      token: this.#token,
      stream: inPieces(bytes),
    });
    if (status === 201) {
      this.taken.push(json as unknown as Uploaded);
    } else if (status === 409 && json['code'] === 'fleet/exists') {
      // It was stored before the kill, and nobody was told.
      const list = await life.list<Uploaded>(
        `/api/v1/artifacts?packageId=${packageId}&version=${version}`,
        this.#token,
      );
      if (list.length !== 1 || list[0]?.sha256 !== sha256) throw new Error(`torn: ${version}`);
      this.taken.push(...list);
    } else {
      throw new Error(`upload of ${version}: ${status} ${JSON.stringify(json)}`);
    }
    this.#next += 1;
  }
}

async function model(seed: string, number: number): Promise<Uint8Array> {
  const blocks = Math.ceil(draw(seed, 'size', number) * 1500);
  const parts = Array.from({ length: blocks }, (_, index) =>
    createHash('sha256').update(`${seed} ${number} ${index}`).digest(),
  );
  return new Uint8Array(Buffer.concat(parts));
}

/** As a stream, with room between the pieces for whatever else goes on. */
export async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 16_384) {
    yield bytes.subarray(at, at + 16_384);
    await new Promise((done) => setImmediate(done));
  }
}
