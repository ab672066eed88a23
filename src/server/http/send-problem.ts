import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Log, loggedPath } from '../observe/log.ts';
import { asServerError, problemAnswer } from './problem.ts';

/** Answers with what went wrong; where an answer has begun, all that is left is to break it off. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  thrown: unknown,
  log: Log,
): void {
  const error = asServerError(thrown);
  if (error.kind === 'bug')
    log.bug(thrown, { method: request.method, path: loggedPath(request.url ?? '') });
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, headers, body } = problemAnswer(error);
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.writeHead(
    status,
    headers.flatMap(([name, value]) => [name, value]),
  );
  response.end(body);
}
