/**
 * Load for a server, as a process of its own: so many connections, each with one request after the
 * other, over bare sockets, since an HTTP client would be slower than the server that it measures.
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
  },
});
const port = Number(values.port);
const devices = Number(values.devices);
const warmupMs = Number(values.warmup) * 1000;
const durationMs = Number(values.seconds) * 1000;
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
let done = 0;
let bytes = 0;
const statuses: Record<string, number> = {};

/** Asks again and again over one connection, until the time is over. */
function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sentMs = 0;
    let held: Buffer = Buffer.alloc(0);
    let bodyLeft = -1;
    const send = () => {
      sentMs = performance.now();
      if (sentMs >= endMs) {
        socket.end();
        return resolve();
      }
      const device = String(Math.floor(Math.random() * devices)).padStart(DIGITS, '0');
      bodyLeft = -1;
      return socket.write(head.replaceAll('{device}', device));
    };
    const answered = () => {
      const nowMs = performance.now();
      if (sentMs >= countFromMs && nowMs <= endMs) {
        latencies[done] = Math.round((nowMs - sentMs) * 100);
        done += 1;
      }
      send();
    };
    socket.once('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      bytes += chunk.length;
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
  bytesPerSecond: bytes / ((durationMs + warmupMs) / 1000),
  statuses,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
