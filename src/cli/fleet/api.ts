import { CliError } from '../codes.ts';
import { type ProblemDocument, RemoteProblem } from './remote-problem.ts';

/** Values of a query; those that are `undefined` are left out, arrays repeat the name. */
export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

/** The management API of a fleet server. */
export interface FleetApi {
  readonly url: string;
  get<Answer>(path: string, query?: Query): Promise<Answer>;
  post<Answer>(path: string, body?: unknown, query?: Query): Promise<Answer>;
  patch<Answer>(path: string, body: unknown): Promise<Answer>;
  remove(path: string): Promise<void>;
  /** Sends bytes as they come; `sizeBytes` where it is known. */
  upload<Answer>(
    path: string,
    query: Query,
    bytes: AsyncIterable<Uint8Array>,
    sizeBytes: number | null,
  ): Promise<Answer>;
  /** The answer as it is, for streams and files; refusals are thrown. */
  open(
    path: string,
    options?: { query?: Query; accept?: string; method?: string },
  ): Promise<Response>;
}

/** The API at a URL with a token. Every failure is thrown as what the server or the network said. */
export function createFleetApi(url: string, token: string, signal: AbortSignal): FleetApi {
  const base = url.replace(/\/+$/, '');

  async function send(
    path: string,
    query: Query,
    init: RequestInit & { duplex?: 'half' },
  ): Promise<Response> {
    const target = `${base}/api/v1${path}${queryText(query)}`;
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${token}`);
    let response: Response;
    try {
      response = await fetch(target, { ...init, headers, signal });
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw new CliError('cli/server-unreachable', `${base} does not answer: ${reason(cause)}`, {
        hint: 'Check the address, and that `otakit server` runs there.',
        cause,
      });
    }
    if (!response.ok) throw new RemoteProblem(response.status, await problemOf(response));
    return response;
  }

  const json = async <Answer>(method: string, path: string, query: Query, body?: unknown) => {
    const init =
      body === undefined
        ? { method }
        : {
            method,
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(body),
          };
    return await answerOf<Answer>(await send(path, query, init));
  };

  return {
    url: base,
    get: (path, query = {}) => json('GET', path, query),
    post: (path, body = {}, query = {}) => json('POST', path, query, body),
    patch: (path, body) => json('PATCH', path, {}, body),
    remove: async (path) => {
      await send(path, {}, { method: 'DELETE' });
    },
    upload: async (path, query, bytes, sizeBytes) =>
      await answerOf(
        await send(path, query, {
          method: 'POST',
          headers: {
            'Content-Type': 'application/octet-stream',
            ...(sizeBytes === null ? {} : { 'Content-Length': String(sizeBytes) }),
          },
          body: ReadableStream.from(bytes),
          duplex: 'half',
        }),
      ),
    open: (path, { query = {}, accept, method = 'GET' } = {}) =>
      send(path, query, {
        method,
        ...(accept === undefined ? {} : { headers: { Accept: accept } }),
      }),
  };
}

async function answerOf<Answer>(response: Response): Promise<Answer> {
  const text = await response.text();
  try {
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  } catch (cause) {
    throw new CliError('cli/server-answer', `${response.url} did not answer in JSON`, {
      hint: 'Check that the address is that of an otakit server.',
      cause,
    });
  }
}

async function problemOf(response: Response): Promise<ProblemDocument> {
  const text = await response.text();
  try {
    return JSON.parse(text) as ProblemDocument;
  } catch {
    return { detail: `${response.url} answered ${response.status} ${response.statusText}` };
  }
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

/** What the network said; undici hides it in the cause. */
function reason(thrown: unknown): string {
  const { cause, message } = thrown as Error;
  return cause instanceof Error ? cause.message || message : message;
}
