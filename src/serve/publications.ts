import { timingSafeEqual } from 'node:crypto';
import type { Artifact } from './artifact.ts';
import { EventJournal } from './event-journal.ts';
import { EVENTS_NAME } from './event-streams.ts';
import { checkDownloadToken, mintDownloadToken, type TokenVerdict } from './download-token.ts';

/** An image that is offered, with what its URL's path is made of. */
export interface Publication {
  readonly artifact: Artifact;
  readonly tag: string;
  readonly fileName: string;
  /** `/<token>/<name>.bin`. A secret unless there are no tokens. */
  readonly path: string;
  /** `null` without tokens. */
  readonly expiresAtMs: number | null;
  /** What became of it so far, under whichever of its tags. */
  readonly journal: EventJournal;
}

/** With the first part of its path, as bytes to compare in constant time. */
interface Kept extends Publication {
  readonly secret: Buffer;
}

/** What a request's path names. */
export type Lookup =
  | { readonly kind: 'found'; readonly publication: Publication }
  | { readonly kind: 'events'; readonly journal: EventJournal }
  | { readonly kind: 'refused'; readonly reason: 'wrong-token' | 'expired-token' | 'not-found' };

/**
 * The latest image and the one before: a machine config may still name that while a new build is
 * published, and the bytes under a URL never change.
 */
const KEPT = 2;
const HASH_CHARACTERS = 12;

/** The images that are offered. With a key every path carries a token; without, the image's hash. */
export class Publications {
  readonly #key: Uint8Array | null;
  #kept: readonly Kept[] = [];

  constructor(key: Uint8Array | null) {
    this.#key = key;
  }

  get current(): Publication | null {
    return this.#kept[0] ?? null;
  }

  publish(artifact: Artifact, tag: string, fileName: string, expiresAtMs: number): Publication {
    const secret =
      this.#key === null
        ? artifact.sha256.slice(0, HASH_CHARACTERS)
        : mintDownloadToken(this.#key, artifact.sha256, expiresAtMs);
    const earlier = this.#kept.find((one) => one.artifact.sha256 === artifact.sha256);
    const publication: Kept = {
      secret: Buffer.from(secret),
      artifact,
      tag,
      fileName,
      path: `/${secret}/${fileName}`,
      expiresAtMs: this.#key === null ? null : expiresAtMs,
      journal: earlier?.journal ?? new EventJournal(),
    };
    const others = this.#kept.filter((one) => one.artifact.sha256 !== artifact.sha256);
    this.#kept = [publication, ...others].slice(0, KEPT);
    return publication;
  }

  /** @param target as the request has it; a query is ignored */
  find(target: string, nowMs: number): Lookup {
    const [, token, name] = /^\/([^/?#]+)\/([^/?#]+)(?:[?#].*)?$/.exec(target) ?? [];
    if (token === undefined || name === undefined) return { kind: 'refused', reason: 'not-found' };
    let reason: 'wrong-token' | 'expired-token' = 'wrong-token';
    for (const publication of this.#kept) {
      const verdict = this.#verdict(publication, token, nowMs);
      if (verdict === 'valid') {
        if (name === EVENTS_NAME) return { kind: 'events', journal: publication.journal };
        return name === publication.fileName
          ? { kind: 'found', publication }
          : { kind: 'refused', reason: 'not-found' };
      }
      if (verdict === 'expired') reason = 'expired-token';
    }
    return { kind: 'refused', reason: this.#key === null ? 'not-found' : reason };
  }

  #verdict({ artifact, secret, expiresAtMs }: Kept, token: string, nowMs: number): TokenVerdict {
    // The usual case, a token of this run, needs no MAC to be computed.
    const given = Buffer.from(token);
    if (given.length === secret.length && timingSafeEqual(given, secret)) {
      return expiresAtMs === null || nowMs < expiresAtMs ? 'valid' : 'expired';
    }
    return this.#key === null
      ? 'wrong'
      : checkDownloadToken(this.#key, artifact.sha256, token, nowMs);
  }
}
