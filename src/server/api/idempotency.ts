import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type AccessToken, type Repositories, withChanges } from '../../fleet/index.ts';
import { ServerError } from '../codes.ts';
import type { Route } from './route.ts';
import type { ApiServices } from './services.ts';

const KEY = /^[\x21-\x7e]{1,255}$/;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What earlier versions stored of requests that made nothing: those may be tried again. */
const UNANSWERED: ReadonlySet<string> = new Set(['begun', 'refused']);

/** The request whose repetition is to be recognised. */
export interface IdempotentRequest {
  readonly route: Route;
  readonly request: IncomingMessage;
  readonly token: AccessToken;
  readonly body: unknown;
  readonly search: string;
}

/** Requests with a key that are being worked on right now. */
const running = new WeakMap<ApiServices, Set<string>>();

/**
 * Runs a create once for each `Idempotency-Key`: a repeat gets the same answer, the same key for
 * something else is refused. The answer is stored with the very change that makes the thing: a crash
 * leaves both or neither, and where it left neither, a repeat is a first try. Answers may hold secrets that
 * are shown only once, so they are kept encrypted under a key that only the bearer of the token and the
 * idempotency key can make again.
 */
export async function idempotent(
  asked: IdempotentRequest,
  services: ApiServices,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const header = asked.request.headers['idempotency-key'];
  if (header === undefined) return work();
  if (typeof header !== 'string' || !KEY.test(header)) {
    throw new ServerError(
      'server/bad-request',
      'Idempotency-Key is not 1 to 255 visible characters',
      { hint: 'Take a random one for each thing to create, such as a UUID.' },
    );
  }
  const { store } = services;
  const scope = `${asked.token.tokenId} ${asked.route.id}`;
  const key = hash(header);
  const requestHash = hash(JSON.stringify([asked.request.url, asked.body ?? null]));
  const busy = running.get(services) ?? new Set();
  running.set(services, busy);
  const ongoing = `${scope} ${key}`;
  if (busy.has(ongoing)) {
    throw new ServerError('server/idempotency-conflict', 'the same request is being worked on', {
      hint: 'Wait a moment and repeat it.',
      details: { retryAfterMs: 1000 },
    });
  }
  busy.add(ongoing);
  try {
    const known = await store.read.idempotency.get(scope, key);
    if (known !== null && !UNANSWERED.has(known.answer)) return replay(known, requestHash, asked);
    let isThere = known !== null;
    let kept: string | null = null;
    const keep = async ({ idempotency }: Pick<Repositories, 'idempotency'>, text: string) => {
      const answer = { requestHash, answer: seal(text, asked) };
      if (isThere) await idempotency.replace(scope, key, answer);
      else await idempotency.put(scope, key, answer);
      isThere = true;
      kept = text;
    };
    const result = await withChanges(async (repositories, made) => {
      const { answer, ofChange } = asked.route;
      const parsed = answer.schema?.safeParse(ofChange === undefined ? made : ofChange(made));
      if (parsed?.success === true) await keep(repositories, JSON.stringify(parsed.data));
    }, work);
    const text = answerText(asked.route, result);
    if (text !== kept) await store.transaction((repositories) => keep(repositories, text));
    return result;
  } finally {
    busy.delete(ongoing);
  }
}

function replay(
  known: { readonly requestHash: string; readonly answer: string },
  requestHash: string,
  asked: IdempotentRequest,
): unknown {
  if (known.requestHash !== requestHash) {
    throw new ServerError(
      'server/idempotency-reused',
      'this Idempotency-Key was used for another request',
      { hint: 'Take a new key for each thing to create.' },
    );
  }
  const text = open(known.answer, asked);
  if (text === null) {
    throw new ServerError(
      'server/idempotency-reused',
      'this Idempotency-Key was used with another credential, and the answer is only for who has that',
      { hint: 'What was asked for then is there. Take a new key for each thing to create.' },
    );
  }
  return JSON.parse(text);
}

function secretKey({ request }: IdempotentRequest): Uint8Array {
  return createHmac('sha256', request.headers.authorization ?? '')
    .update(`idempotent answer\0${String(request.headers['idempotency-key'])}`)
    .digest();
}

/** An answer as it goes out. */
function answerText({ answer }: Route, result: unknown): string {
  const parsed = answer.schema?.safeParse(result);
  return JSON.stringify((parsed?.success === true ? parsed.data : result) ?? null);
}

function seal(text: string, asked: IdempotentRequest): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secretKey(asked), nonce);
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64');
}

/** `null` where it was sealed for another credential, such as the local token of an earlier start. */
function open(answer: string, asked: IdempotentRequest): string | null {
  const bytes = Buffer.from(answer, 'base64');
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, secretKey(asked), bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(end));
  try {
    const text = [decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()];
    return Buffer.concat(text).toString('utf8');
  } catch {
    return null;
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
