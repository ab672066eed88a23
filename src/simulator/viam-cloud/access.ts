import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../shared/index.ts';
import { RpcStatus, STATUS } from './rpc/status.ts';
import type { CloudState } from './state.ts';

/** What an API key may do: read and write configs, or read them only. */
export type KeyRole = 'operator' | 'reader';

/** An API key, as the app shows it once. */
export interface ApiKey {
  readonly id: string;
  readonly key: string;
}

/** Whose a token is. */
export type Principal =
  | { readonly kind: 'api-key'; readonly id: string; readonly role: KeyRole }
  | { readonly kind: 'part'; readonly id: string };

/** Credentials and tokens of the virtual cloud. */
export class Access {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  readonly #keys = new Map<string, { readonly key: string; readonly role: KeyRole }>();
  readonly #tokens = new Map<string, { readonly of: Principal; readonly expiresMs: number }>();

  constructor(clock: Clock, lifetimeMs: number) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
  }

  addKey(role: KeyRole, { id = randomUUID(), key = secret() }: Partial<ApiKey> = {}): ApiKey {
    this.#keys.set(id, { key, role });
    return { id, key };
  }

  /** Exchanges credentials for a token. */
  authenticate(state: CloudState, entity: string, type: string, payload: string): string {
    const of = this.#principal(state, entity, type, payload);
    if (of === null) throw new RpcStatus(STATUS.unauthenticated, 'the credentials are not valid');
    const token = secret();
    this.#tokens.set(token, { of, expiresMs: this.#clock.now() + this.#lifetimeMs });
    return token;
  }

  /** Whose token it is, while it is valid. */
  identify(token: string | null): Principal {
    const found = token === null ? undefined : this.#tokens.get(token);
    if (found === undefined) throw new RpcStatus(STATUS.unauthenticated, 'there is no valid token');
    if (found.expiresMs <= this.#clock.now()) {
      throw new RpcStatus(STATUS.unauthenticated, 'the token has expired');
    }
    return found.of;
  }

  /** Makes all tokens invalid that were given out so far. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  #principal(state: CloudState, entity: string, type: string, payload: string): Principal | null {
    if (type === 'api-key') {
      const found = this.#keys.get(entity);
      if (found === undefined || !sameSecret(found.key, payload)) return null;
      return { kind: 'api-key', id: entity, role: found.role };
    }
    const part = type === 'robot-secret' ? state.parts.get(entity) : undefined;
    if (part === undefined || !sameSecret(part.secret, payload)) return null;
    return { kind: 'part', id: entity };
  }
}

/** A secret that nobody guesses. */
export function secret(): string {
  return randomBytes(24).toString('base64url');
}

function sameSecret(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
