/**
 * Load for a server, as a process of its own: so many connections, each with one request after the
 * other, over bare sockets, since an HTTP client would be slower than the server that it measures.
 *
 * With `--rate`, requests are due at even distances whatever the server does, and one that finds all
 * connections busy counts from when it was due.
 *
 * `{device}` in the target and in a header is replaced by a random one of the device ids. Prints one
 * line of JSON.
 */
import { connect } from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    target: { type: 'string' },
    header: { type: 'string', multiple: true, default: [] },
    devices: { type: 'string', default: '1' },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '5' },
    warmup: { type: 'string', default: '1' },
    rate: { type: 'string' },
  },
});
const port = Number(values.port);
const devices = Number(values.devices);
const warmupMs = Number(values.warmup) * 1000;
const durationMs = Number(values.seconds) * 1000;
const everyMs = values.rate === undefined ? null : 1000 / Number(values.rate);
const head = [
  `GET ${values.target ?? '/'} HTTP/1.1`,
  `Host: 127.0.0.1:${port}`,
  ...values.header,
  '',
  '',
].join('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const DIGITS = 6;

const startMs = performance.now();
const countFromMs = startMs + warmupMs;
const endMs = countFromMs + durationMs;
/** Latencies in hundredths of a millisecond. */
const latencies = new Uint32Array(20_000_000);
let due = 0;
let done = 0;
const statuses: Record<string, number> = {};

/** Asks again and again over one connection, until the time is over. */
function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sentMs = 0;
    let held: Buffer = Buffer.alloc(0);
    let bodyLeft = -1;
    const send = () => {
      const nowMs = performance.now();
      sentMs = nowMs;
      if (everyMs !== null) {
        sentMs = startMs + due * everyMs;
        due += 1;
      }
      if (sentMs >= endMs) {
        socket.end();
        return resolve();
      }
      bodyLeft = -1;
      // What was not late counts from when it is really sent: timers are not exact to the millisecond.
      if (sentMs > nowMs) return void setTimeout(() => write(performance.now()), sentMs - nowMs);
      return write(sentMs);
    };
    const write = (fromMs: number) => {
      sentMs = fromMs;
      const device = String(Math.floor(Math.random() * devices)).padStart(DIGITS, '0');
      socket.write(head.replaceAll('{device}', device));
    };
    const answered = () => {
      const nowMs = performance.now();
      if (sentMs >= countFromMs && (everyMs !== null || nowMs <= endMs)) {
        latencies[done] = Math.round((nowMs - sentMs) * 100);
        done += 1;
      }
      send();
    };
    socket.once('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      if (bodyLeft >= 0) {
        bodyLeft -= chunk.length;
        if (bodyLeft <= 0) answered();
        return;
      }
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const end = held.indexOf(HEAD_END);
      if (end < 0) return;
      const text = held.toString('latin1', 0, end);
      const status = text.slice(9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      bodyLeft = length - (held.length - end - HEAD_END.length);
      held = Buffer.alloc(0);
      if (bodyLeft <= 0) answered();
    });
  });
}

await Promise.all(Array.from({ length: Number(values.connections) }, ask));
const sorted = latencies.subarray(0, done).sort();
const percentile = (share: number) => (sorted[Math.floor(done * share)] ?? 0) / 100;
const result = {
  perSecond: done / (durationMs / 1000),
  p50Ms: percentile(0.5),
  p99Ms: percentile(0.99),
  statuses,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
