import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  type Artifact,
  createFront,
  type CrowdOptions,
  type Exchange,
  http1Exchange,
  http2Exchange,
  type Patience,
  type RefusedConnection,
  sendArtifact,
  type SendOutcome,
} from '../../src/serve/index.ts';
import { type Clock, systemClock } from '../../src/shared/index.ts';

/** A front that answers every request with one artifact, and what it saw. */
export interface RunningFront {
  readonly port: number;
  readonly url: string;
  readonly outcomes: readonly SendOutcome[];
  readonly refused: readonly RefusedConnection[];
  /** The next outcome that is not yet taken; outcomes are taken in order. */
  nextOutcome(): Promise<SendOutcome>;
  nextRefused(): Promise<RefusedConnection>;
}

/** Serves `artifact` on a free port of the loopback interface until the test is over. */
export async function serveArtifact(
  artifact: Artifact,
  {
    clock = systemClock,
    patience,
    onProgress,
    crowd,
  }: {
    readonly clock?: Clock;
    readonly patience?: Patience;
    readonly onProgress?: (sentBytes: number) => void;
    readonly crowd?: CrowdOptions;
  } = {},
): Promise<RunningFront> {
  const outcomes = new Queue<SendOutcome>();
  const refused = new Queue<RefusedConnection>();
  const send = async (exchange: Exchange) => {
    outcomes.push(
      await sendArtifact(exchange, artifact, {
        clock,
        watchdog: front.watchdog,
        ...(patience === undefined ? {} : { patience }),
        ...(onProgress === undefined ? {} : { onProgress }),
      }),
    );
  };
  const front = createFront({
    clock,
    onHttp1: (request, response) => void send(http1Exchange(request, response, front.watchdog)),
    onHttp2: (stream, headers) => void send(http2Exchange(stream, headers, front.watchdog)),
    onRefused: (_peer, why) => refused.push(why),
    ...(crowd === undefined ? {} : { crowd }),
  });
  const { port }: AddressInfo = await front.listen(0, '127.0.0.1');
  onTestFinished(() => front[Symbol.asyncDispose]());
  return {
    port,
    url: `http://127.0.0.1:${port}/app.bin`,
    outcomes: outcomes.all,
    refused: refused.all,
    nextOutcome: () => outcomes.take(),
    nextRefused: () => refused.take(),
  };
}

/** Things that come in, and readers that wait for them, in order. */
class Queue<T> {
  readonly all: T[] = [];
  #taken = 0;
  readonly #waiting: ((value: T) => void)[] = [];

  push(value: T): void {
    this.all.push(value);
    const reader = this.#waiting.shift();
    if (reader === undefined) return;
    this.#taken += 1;
    reader(value);
  }

  take(): Promise<T> {
    const value = this.all[this.#taken];
    if (value === undefined) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#taken += 1;
    return Promise.resolve(value);
  }
}

/** A bare TCP client of the front, closed when the test is over. */
export function rawClient(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

/** All that a peer sends until it closes its side. */
export async function readToEnd(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of socket) chunks.push(chunk as Buffer);
  } catch {
    // A reset ends it as well.
  }
  return Buffer.concat(chunks);
}
