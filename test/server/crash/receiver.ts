import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'vitest';

/** One delivery in so many is refused the first time. */
const REFUSED = 23;

/** Who is told about events: a server of its own, which is never killed. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** The key of the signatures, once the fleet has said it. */
  secret: string;
  /** Events as they came, in words; each one counts once, however often it came. */
  readonly received: ReadonlySet<string>;
  /** What was wrong with deliveries. */
  readonly faults: readonly string[];
  /** What comes during the work, and next after it, may be older than what came before. */
  whileTurnedBack(work: () => Promise<unknown>): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received = new Set<string>();
  const refused = new Set<string>();
  const faults: string[] = [];
  let last = 0;
  let isTurnedBack = false;
  let secret = '';

  const statusFor = (request: IncomingMessage, body: string): number => {
    const { eventId } = JSON.parse(body) as { eventId: number };
    const delivery = String(request.headers['otakit-delivery']);
    if (!isSigned(String(request.headers['otakit-signature']), secret, body)) {
      faults.push(`${delivery} is not signed`);
    }
    if (eventId < last) faults.push(`${eventId} came after ${last}`);
    if (eventId % REFUSED === 0 && !refused.has(delivery)) {
      refused.add(delivery);
      return 503;
    }
    last = isTurnedBack ? 0 : eventId;
    received.add(body);
    return 204;
  };

  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('error', () => {});
    // Whoever is killed while it sends has sent nothing.
    request.on('end', () => response.writeHead(statusFor(request, body)).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    get secret() {
      return secret;
    },
    set secret(value) {
      secret = value;
    },
    received,
    faults,
    whileTurnedBack: async (work) => {
      isTurnedBack = true;
      last = 0;
      await work();
      // What somebody who was killed had sent before is still on its way.
      while ((await connections(server)) > 0) await turn();
      isTurnedBack = false;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function connections(server: Server): Promise<number> {
  return promisify(server.getConnections.bind(server))();
}

function isSigned(header: string, secret: string, body: string): boolean {
  const [, seconds = '', mac = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  return createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex') === mac;
}

/** Every event that such a webhook hears of has come, as it is stored. */
export function expectReceived({ received, faults }: Receiver, events: readonly unknown[]): void {
  expect(faults).toEqual([]);
  for (const event of events) expect(received).toContain(JSON.stringify(event));
}
