import { setTimeout } from 'node:timers/promises';
import type { ServerProcess } from './server-process.ts';

const TOO_MANY = 429;

/** The server was killed while, or before, it answered: nobody knows what became of the request. */
export class Killed extends Error {}

/** What came back, whole. */
export interface Reply {
  readonly status: number;
  readonly bytes: Uint8Array;
  /** The body, where it is a JSON object. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** What is sent. */
export interface Question {
  readonly method?: string;
  readonly token: string;
  readonly json?: unknown;
  readonly stream?: AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One life of a server, as those see it who ask it things. */
export class Life {
  readonly #server: ServerProcess;
  readonly #url: string;
  /** Writes that were answered with success: whatever happens next, they count. */
  acknowledged = 0;
  #enough: (() => void) | null = null;

  constructor(server: ServerProcess, url: string) {
    this.#server = server;
    this.#url = url;
  }

  get isOver(): boolean {
    return this.#server.isKilled;
  }

  /** Resolves when so many writes were acknowledged. */
  async hasAcknowledged(count: number): Promise<void> {
    while (this.acknowledged < count) {
      await new Promise<void>((resolve) => (this.#enough = resolve));
    }
  }

  /** @throws Killed */
  async ask(
    path: string,
    { method = 'GET', token, json, stream, headers }: Question,
  ): Promise<Reply> {
    // Its port may be somebody else's by now.
    if (this.isOver) throw new Killed();
    const url = path.startsWith('http') ? path : `${this.#url}${path}`;
    const body = stream === undefined ? {} : { body: ReadableStream.from(stream), duplex: 'half' };
    let status: number;
    let bytes: Uint8Array;
    let retryAfter: string | null;
    try {
      const response = await fetch(url, {
        method,
        headers: {
          ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
          ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(stream === undefined ? {} : { 'Content-Type': 'application/octet-stream' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(body as RequestInit),
      });
      status = response.status;
      bytes = await response.bytes();
      retryAfter = response.headers.get('retry-after');
    } catch (error) {
      if (this.isOver) throw new Killed();
      throw new Error(`${method} ${path} got no answer from a server that runs`, { cause: error });
    }
    if (status === TOO_MANY && stream === undefined) {
      await setTimeout(Number(retryAfter) * 1000);
      return this.ask(path, { method, token, json, ...(headers !== undefined && { headers }) });
    }
    if (status >= 500) throw new Error(`${method} ${path}: ${status} ${text(bytes)}`);
    if (method !== 'GET' && status < 300) {
      this.acknowledged += 1;
      this.#enough?.();
    }
    return { status, bytes, json: parse(bytes) };
  }

  /** The same, where anything but success is a fault. */
  async get<Shape>(path: string, token: string): Promise<Shape> {
    const { status, json, bytes } = await this.ask(path, { token });
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text(bytes)}`);
    return json as Shape;
  }

  /** Everything in a list, while nobody adds to it. */
  async list<Item>(path: string, token: string): Promise<readonly Item[]> {
    const sign = path.includes('?') ? '&' : '?';
    const all: Item[] = [];
    for (let page = 0; ; page += 1) {
      const query = `${sign}perPage=1000&page=${page}`;
      const { list, total } = await this.get<{ list: Item[]; total: number }>(
        `${path}${query}`,
        token,
      );
      all.push(...list);
      if (list.length === 0 || all.length >= total) return all;
    }
  }

  /** Everything that has a position and is read from there on. */
  async readAll<Item>(
    path: string,
    token: string,
    positionOf: (item: Item) => number,
  ): Promise<readonly Item[]> {
    const all: Item[] = [];
    for (let after = 0; ;) {
      const query = `?limit=1000&after=${after}`;
      const { list } = await this.get<{ list: Item[] }>(`${path}${query}`, token);
      all.push(...list);
      const last = list.at(-1);
      if (last === undefined || list.length < 1000) return all;
      after = positionOf(last);
    }
  }
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text(bytes)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
