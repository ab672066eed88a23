import type { z } from 'zod';
import {
  type DeviceAnswer,
  type DeviceHttp,
  readBody,
  readJson,
  readRefusal,
  retryAfterMs,
} from './device-http.ts';
import { Unreachable } from './failure.ts';
import {
  chunkAnswer,
  commandsAnswer,
  type DeviceCommand,
  type Offer,
  otaAnswer,
  type StatusReport,
} from './wire.ts';

/** Who the device is. */
export interface DeviceLogin {
  readonly deviceId: string;
  readonly secret: string;
}

/** What `GET …/ota` came to. */
export interface CheckResult {
  /** `null`: the same as at the last check. */
  readonly offers: readonly Offer[] | null;
  /** Of the deployment that they are from; 0 where there is nothing to fetch. */
  readonly sequence: number;
  /** When the server wants to be asked again; `null` where it does not say. */
  readonly pollAfterMs: number | null;
}

/** What a device says that it runs. */
export interface BootNews {
  readonly packages: ReadonlyMap<string, { version: string; elfSha256: string | null }>;
  readonly secureVersion: number;
  /** Higher at each boot. */
  readonly bootCount: number;
}

/**
 * The protocol of one device: every call is one request, made with its own credential. Throws
 * Unreachable where the network fails and Refused where the server answers with an error.
 */
export class DeviceClient {
  readonly #http: DeviceHttp;
  readonly #path: string;
  readonly #authorization: string;
  readonly #speed: number;
  /** Of the last answer that left nothing to do. */
  #etag: string | null = null;
  /** Of the last answer, whatever it said. */
  #seen: string | null = null;

  /** @param speed how much faster than the server's the device's time goes */
  constructor(http: DeviceHttp, { deviceId, secret }: DeviceLogin, speed = 1) {
    this.#http = http;
    this.#speed = speed;
    this.#path = `/api/v1/devices/${encodeURIComponent(deviceId)}`;
    this.#authorization = `Bearer ${secret}`;
  }

  /** Asks what to run; the server answers 304 while that is what it said last. */
  async check(signal: AbortSignal): Promise<CheckResult> {
    const known = this.#etag === null ? {} : { 'if-none-match': this.#etag };
    const answer = await this.#send('GET', '/ota', known, undefined, signal);
    if (answer.status === 304) {
      answer.body.resume();
      return { offers: null, sequence: 0, pollAfterMs: retryAfterMs(answer.headers) };
    }
    await this.#orRefuse(answer, signal);
    const said = await shaped(otaAnswer, answer, signal);
    const pollAfterMs = said.poll_after_seconds * 1000;
    this.#seen = answer.headers.etag ?? null;
    this.#etag = said.update_available ? null : this.#seen;
    if (!said.update_available) return { offers: [], sequence: 0, pollAfterMs };
    return { offers: said.packages ?? [said], sequence: said.sequence, pollAfterMs };
  }

  /** Opens the artifact by its URL, from a byte on. */
  async open(url: string, fromByte: number, signal: AbortSignal): Promise<DeviceAnswer> {
    const headers = { range: `bytes=${fromByte}-` };
    const answer = await this.#http.send({ method: 'GET', target: url, headers }, signal);
    await this.#orRefuse(answer, signal);
    return answer;
  }

  /** Fetches one chunk; the server may give less than asked for. */
  async chunk(
    { package_id, artifact_id }: Offer,
    offset: number,
    size: number,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: Buffer; readonly complete: boolean }> {
    const query = new URLSearchParams({
      package_id,
      artifact_id,
      offset: String(offset),
      size: String(size),
    });
    const answer = await this.#send('GET', `/ota/chunk?${query.toString()}`, {}, undefined, signal);
    await this.#orRefuse(answer, signal);
    const { data, complete } = await shaped(chunkAnswer, answer, signal);
    return { bytes: Buffer.from(data, 'base64'), complete };
  }

  async report(report: StatusReport, signal: AbortSignal): Promise<void> {
    await this.#post('/ota/status', JSON.stringify(report), signal);
  }

  /** The boot report is plain text, `main=1.1.0` and one line for each further fact. */
  async booted(
    { packages, secureVersion, bootCount }: BootNews,
    signal: AbortSignal,
  ): Promise<void> {
    const lines = [...packages].flatMap(([packageId, { version, elfSha256 }]) => [
      `${packageId}=${version}`,
      ...(elfSha256 === null ? [] : [`_elf=${elfSha256}`]),
      ...(elfSha256 === null ? [] : [`_secure_version=${secureVersion}`]),
    ]);
    const body = [...lines, `_boot_count=${bootCount}`].join('\n');
    await this.#post('/boot', body, signal, 'text/plain');
  }

  /** Waits for commands, or for word that there is something new. */
  async commands(
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<{ readonly commands: readonly DeviceCommand[]; readonly news: boolean }> {
    const query = new URLSearchParams({ wait: String(waitSeconds) });
    if (this.#seen !== null) query.set('seen', this.#seen);
    const path = `/commands?${query.toString()}`;
    const answer = await this.#send('GET', path, {}, undefined, signal, waitSeconds * 1000);
    await this.#orRefuse(answer, signal);
    return shaped(commandsAnswer, answer, signal);
  }

  async acknowledge(
    commandId: string,
    outcome: { readonly status: 'succeeded' | 'failed'; readonly result?: unknown },
    signal: AbortSignal,
  ): Promise<void> {
    const path = `/commands/${encodeURIComponent(commandId)}/ack`;
    await this.#post(path, JSON.stringify(outcome), signal);
  }

  async #orRefuse(answer: DeviceAnswer, signal: AbortSignal): Promise<void> {
    if (answer.status >= 300) throw await readRefusal(answer, signal, this.#speed);
  }

  async #post(
    path: string,
    body: string,
    signal: AbortSignal,
    type = 'application/json',
  ): Promise<void> {
    const answer = await this.#send('POST', path, { 'content-type': type }, body, signal);
    await this.#orRefuse(answer, signal);
    await readBody(answer, signal);
  }

  #send(
    method: 'GET' | 'POST',
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | undefined,
    signal: AbortSignal,
    patienceMs = 0,
  ): Promise<DeviceAnswer> {
    const authorization = this.#authorization;
    return this.#http.send(
      {
        method,
        target: `${this.#path}${path}`,
        headers: { ...headers, authorization },
        patienceMs,
        ...(body !== undefined && { body }),
      },
      signal,
    );
  }
}

/** Takes an answer only in the shape that the protocol has. */
async function shaped<Shape extends z.ZodType>(
  shape: Shape,
  answer: DeviceAnswer,
  signal: AbortSignal,
): Promise<z.infer<Shape>> {
  const read = shape.safeParse(await readJson(answer, signal));
  if (read.success) return read.data;
  const [first] = read.error.issues;
  throw new Unreachable(
    `an answer that is not of the protocol: ${first?.path.join('.') ?? ''} ${first?.message ?? ''}`,
  );
}
