import { STATUS_CODES } from 'node:http';
import { type ErrorKind, OtakitError } from '../../shared/index.ts';
import { ServerError } from '../codes.ts';

/** What a problem document says (RFC 9457), with our code, hint and facts beside the standard members. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An answer that says what went wrong. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  usage: 400,
  input: 422,
  device: 502,
  network: 502,
  verification: 422,
  interrupted: 503,
  bug: 500,
};

/** Anything that was thrown, as one of our errors; what is not ours on purpose is our bug. */
export function asServerError(thrown: unknown): OtakitError {
  if (thrown instanceof OtakitError && thrown.kind !== 'bug') return thrown;
  return new ServerError('server/bug', 'something went wrong inside the server', {
    hint: 'The log of the server has more.',
    cause: thrown,
  });
}

/** The status by which HTTP says it. */
export function statusOf(error: OtakitError): number {
  return error.httpStatus ?? STATUS_OF_KIND[error.kind];
}

/**
 * An error as an answer. `details.retryAfterMs`, `details.allow` and `details.challenge` also become
 * the headers that HTTP has for them.
 */
export function problemAnswer(error: OtakitError): ProblemAnswer {
  const status = statusOf(error);
  const { retryAfterMs, allow, challenge, ...details } = error.details;
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
  const body = `${JSON.stringify(problem)}\n`;
  const headers: [string, string][] = [
    ['Content-Type', 'application/problem+json'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Cache-Control', 'no-store'],
  ];
  if (typeof retryAfterMs === 'number') {
    headers.push(['Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))]);
  }
  if (typeof allow === 'string') headers.push(['Allow', allow]);
  if (typeof challenge === 'string') headers.push(['WWW-Authenticate', challenge]);
  return { status, headers, body };
}
