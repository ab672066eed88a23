import type { AccessToken, Fleet } from '../../fleet/index.ts';
import { addressGroup } from '../../serve/index.ts';
import type { Clock } from '../../shared/index.ts';
import { ServerError } from '../codes.ts';
import type { ServerLimits } from '../limits/limits.ts';
import { TokenBuckets } from '../limits/token-bucket.ts';
import { parseCredential } from './credentials.ts';
import type { LocalToken } from './local-token.ts';
import type { Roles } from './roles.ts';

const CHALLENGE = 'Bearer realm="otakit"';

/** What an authorizer needs to know. */
export interface AuthorizerOptions {
  readonly tokens: Pick<Fleet['tokens'], 'authenticate'>;
  readonly localToken: LocalToken | null;
  readonly clock: Clock;
  readonly limits: ServerLimits;
  readonly failures: FailedTries;
}

/** Says who asks the management API, and whether they may. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #buckets: TokenBuckets;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#buckets = new TokenBuckets(options.limits.tokenRate);
  }

  /** @throws ServerError `server/unauthorized`, `server/forbidden`, `server/rate-limited` */
  async authorize(
    header: string | undefined,
    peerAddress: string,
    roles: Roles,
  ): Promise<AccessToken> {
    const { tokens, localToken, clock, failures } = this.#options;
    const credential = parseCredential(header);
    if (credential === null || credential.kind !== 'bearer') {
      throw new ServerError('server/unauthorized', 'this needs an access token', {
        hint: 'Send the header `Authorization: Bearer otk_…`.',
        details: { challenge: CHALLENGE },
      });
    }
    const token =
      localToken?.check(credential.secret) ?? (await tokens.authenticate(credential.secret));
    if (token === null) {
      failures.count(peerAddress);
      throw new ServerError('server/unauthorized', 'the access token is not valid (any more)', {
        hint: 'Ask an admin for a new one: otakit token create.',
        details: { challenge: `${CHALLENGE}, error="invalid_token"` },
      });
    }
    const waitMs = this.#buckets.take(token.tokenId, clock.monotonicMs());
    if (waitMs > 0) throw tooMany('this access token', waitMs);
    if (!roles.includes(token.role)) {
      throw new ServerError(
        'server/forbidden',
        `a token of the role ${token.role} may not do this; ${roles.join(', ')} may`,
        {
          hint: 'Use a token of another role.',
          details: { role: token.role, allowed: roles },
        },
      );
    }
    return token;
  }
}

/** Slows down an address (in IPv6 a /64) that keeps presenting wrong credentials. */
export class FailedTries {
  readonly #buckets: TokenBuckets;
  readonly #clock: Clock;

  constructor(limits: ServerLimits, clock: Clock) {
    this.#buckets = new TokenBuckets(limits.failureRate);
    this.#clock = clock;
  }

  /** @throws ServerError `server/rate-limited` */
  count(peerAddress: string): void {
    const waitMs = this.#buckets.take(addressGroup(peerAddress), this.#clock.monotonicMs());
    if (waitMs > 0) throw tooMany('this address, with wrong credentials', waitMs);
  }
}

/** The refusal of who asks too often. */
export function tooMany(who: string, retryAfterMs: number): ServerError {
  return new ServerError('server/rate-limited', `too many requests from ${who}`, {
    hint: 'Wait as long as Retry-After says.',
    details: { retryAfterMs },
  });
}
