import type { Http2Session } from 'node:http2';
import { PeerGone } from './exchange.ts';
import type { Watchdog } from './watchdog.ts';

/** The responses of one session that were sent whole and may not have been read whole. */
interface Unconfirmed {
  readonly waiting: Set<(error?: PeerGone) => void>;
}

const SESSIONS = new WeakMap<Http2Session, Unconfirmed>();

/**
 * Resolves once the peer has read all that was sent on the session so far. It answers a PING only
 * after reading everything before it; closing in order says the same, and a reset the contrary.
 *
 * The PING waits for the watchdog's next tick: most peers close at once, and one that finds a PING
 * unread when it closes answers with a reset that would look like a cut.
 */
export function http2Delivery(
  session: Http2Session,
  watchdog: Pick<Watchdog, 'watch'>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (session.destroyed) return resolve();
    const { waiting } = SESSIONS.get(session) ?? observe(session, watchdog);
    waiting.add((error) => (error === undefined ? resolve() : reject(error)));
    return undefined;
  });
}

function observe(session: Http2Session, watchdog: Pick<Watchdog, 'watch'>): Unconfirmed {
  const unconfirmed: Unconfirmed = { waiting: new Set() };
  const settle = (some: Iterable<(error?: PeerGone) => void>, error?: PeerGone) => {
    for (const done of some) {
      unconfirmed.waiting.delete(done);
      done(error);
    }
  };
  let isAsking = false;
  const unwatch = watchdog.watch({
    check: () => {
      // One that was just destroyed closes in a moment, and takes no PING any more.
      if (isAsking || session.destroyed || unconfirmed.waiting.size === 0) return;
      isAsking = true;
      const asked = [...unconfirmed.waiting];
      session.ping((error) => {
        isAsking = false;
        if (error === null) settle(asked);
      });
    },
  });
  session.once('error', () => settle(unconfirmed.waiting, new PeerGone()));
  session.once('close', () => {
    unwatch();
    settle(unconfirmed.waiting);
  });
  SESSIONS.set(session, unconfirmed);
  return unconfirmed;
}
