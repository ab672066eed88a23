import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { z } from 'zod';
import { Refused, Unreachable } from './failure.ts';

/** One request of a device. */
export interface DeviceRequest {
  readonly method: 'GET' | 'POST';
  /** A path on the server, or a whole URL. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How long nothing may come; what a long poll asks for comes on top. */
  readonly patienceMs?: number;
}

/** The answer to it. The body has to be read to its end, or destroyed. */
export interface DeviceAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

/** How virtual devices reach their server. */
export interface DeviceHttp extends Disposable {
  /** @throws Unreachable; rejects with the signal's reason */
  send(request: DeviceRequest, signal: AbortSignal): Promise<DeviceAnswer>;
}

const PATIENCE_MS = 30_000;
const LONGEST_JSON = 256 * 1024;

const OUTDATED = 'fleet/report-outdated';

const problem = z.object({
  code: z.string().optional(),
  detail: z.string().optional(),
  title: z.string().optional(),
  details: z.object({ last: z.number().int().nonnegative().optional() }).optional(),
});

/**
 * HTTP/1.1 over at most so many connections, shared by all devices: a fleet on one machine would
 * otherwise run out of files before its server does.
 */
export function createDeviceHttp(server: string, connections: number): DeviceHttp {
  const base = new URL(server);
  const options = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  const agents = { plain: new Agent(options), tls: new TlsAgent(options) };
  return {
    send: ({ method, target, headers = {}, body, patienceMs = 0 }, signal) =>
      new Promise((resolve, reject) => {
        const url = new URL(target, base);
        const secure = url.protocol === 'https:';
        const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
        const fail = (error: unknown) => {
          if (signal.aborted) reject(signal.reason as Error);
          else reject(new Unreachable(error instanceof Error ? error.message : String(error)));
        };
        const sent = (secure ? tlsRequest : request)(
          url,
          {
            method,
            agent: secure ? agents.tls : agents.plain,
            headers: { 'user-agent': 'otakit-virtual-device', ...headers, ...length },
            signal,
          },
          (answer) =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer }),
        );
        sent.setTimeout(PATIENCE_MS + patienceMs, () => {
          sent.destroy(new Error(`no byte came for ${(PATIENCE_MS + patienceMs) / 1000} s`));
        });
        sent.on('error', fail);
        sent.end(body);
      }),
    [Symbol.dispose]: () => {
      agents.plain.destroy();
      agents.tls.destroy();
    },
  };
}

/** Reads a short body whole. @throws Unreachable where the connection breaks */
export async function readBody(
  { body }: DeviceAnswer,
  signal: AbortSignal,
  longest: number = LONGEST_JSON,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > longest) throw new Unreachable(`an answer of more than ${longest} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof Unreachable ? error : new Unreachable((error as Error).message);
  }
  return Buffer.concat(chunks);
}

/** Reads a body as JSON. @throws Unreachable for what is none */
export async function readJson(answer: DeviceAnswer, signal: AbortSignal): Promise<unknown> {
  const text = (await readBody(answer, signal)).toString();
  try {
    return text === '' ? null : (JSON.parse(text) as unknown);
  } catch {
    throw new Unreachable(`an answer that is no JSON: ${text.slice(0, 80)}`);
  }
}

/**
 * Reads an error answer: a problem document (RFC 9457), or whatever else a proxy says.
 *
 * @param speed how much faster than the server's the device's time goes: a server that has too much to
 *   do means its own time
 */
export async function readRefusal(
  answer: DeviceAnswer,
  signal: AbortSignal,
  speed = 1,
): Promise<Refused> {
  const text = (await readBody(answer, signal)).toString();
  const said = parseProblem(text);
  const waitMs = retryAfterMs(answer.headers);
  return new Refused(
    answer.status,
    said.code ?? null,
    said.detail ?? said.title ?? `HTTP status ${answer.status}`,
    waitMs === null ? null : waitMs * speed,
    said.code === OUTDATED ? (said.details?.last ?? null) : null,
  );
}

/** `Retry-After` in seconds; a date, which our server never sends, is not understood. */
export function retryAfterMs(headers: IncomingHttpHeaders): number | null {
  const value = headers['retry-after'];
  return value !== undefined && /^\d{1,7}$/.test(value) ? Number(value) * 1000 : null;
}

function parseProblem(text: string): z.infer<typeof problem> {
  try {
    return problem.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
