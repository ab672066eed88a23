import { describe, expect, it } from 'vitest';
import { FleetError } from '../../../src/fleet/index.ts';
import { ServerError } from '../../../src/server/index.ts';
import { asServerError, problemAnswer } from '../../../src/server/http/problem.ts';

describe('errors as problem documents', () => {
  it.each([
    ['server/unauthorized', 401],
    ['server/forbidden', 403],
    ['server/no-route', 404],
    ['server/method-not-allowed', 405],
    ['server/bad-request', 400],
    ['server/invalid-request', 422],
    ['server/body-too-large', 413],
    ['server/unsupported-type', 415],
    ['server/body-cut', 400],
    ['server/rate-limited', 429],
    ['server/idempotency-reused', 422],
    ['server/idempotency-conflict', 409],
    ['server/no-archive', 409],
    ['server/busy', 503],
    ['server/stopping', 503],
    ['server/bug', 500],
  ] as const)('%s is %i', (code, status) => {
    const answer = problemAnswer(new ServerError(code, 'so it is'));
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ status, code, detail: 'so it is' });
    expect(answer.headers).toContainEqual(['Content-Type', 'application/problem+json']);
  });

  it('keeps hint and facts, and makes headers of those that HTTP has a header for', () => {
    const answer = problemAnswer(
      new ServerError('server/rate-limited', 'too fast', {
        hint: 'Wait.',
        details: { retryAfterMs: 1001, allow: 'GET', challenge: 'Bearer', limit: 7 },
      }),
    );
    expect(JSON.parse(answer.body)).toMatchObject({ hint: 'Wait.', details: { limit: 7 } });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'Retry-After': '2',
      Allow: 'GET',
      'WWW-Authenticate': 'Bearer',
    });
  });

  it('says nothing of what went wrong inside', () => {
    const answer = problemAnswer(asServerError(new Error('secret path /etc/x')));
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('secret');
  });

  it('passes on what was thrown on purpose', () => {
    const error = new FleetError('fleet/exists', 'there is one');
    expect(asServerError(error)).toBe(error);
    expect(problemAnswer(error).status).toBe(409);
  });
});
