import type { Exchange } from '../../serve/index.ts';
import { asServerError, problemAnswer } from '../http/problem.ts';
import type { Target } from '../http/target.ts';
import type { Log } from '../observe/log.ts';
import { type FaceRequest, faceRequest } from './face-request.ts';
import type { FaceMatch } from './face-router.ts';

/** Has a face answer a request; what it throws is answered as a problem, as long as that is possible. */
export async function answerByFace(
  match: FaceMatch,
  exchange: Exchange,
  target: Target,
  body: FaceRequest['body'],
  log: Log,
): Promise<void> {
  const answer = guarded(exchange);
  try {
    await match.route.handle(faceRequest(answer, target, match.params, body));
  } catch (thrown) {
    const error = asServerError(thrown);
    if (error.kind === 'bug') log.bug(thrown, { face: match.face.name });
    if (answer.hasBegun) {
      exchange.abort();
      return;
    }
    const problem = problemAnswer(error);
    exchange.answer(
      problem.status,
      problem.headers,
      exchange.method === 'HEAD' ? '' : problem.body,
    );
  }
}

/** An exchange that knows whether an answer has begun. */
function guarded(exchange: Exchange): Exchange & { readonly hasBegun: boolean } {
  let hasBegun = false;
  return {
    protocol: exchange.protocol,
    method: exchange.method,
    target: exchange.target,
    peerAddress: exchange.peerAddress,
    header: (name) => exchange.header(name),
    answer: (status, headers, body) => {
      hasBegun = true;
      exchange.answer(status, headers, body);
    },
    begin: (status, headers) => {
      hasBegun = true;
      exchange.begin(status, headers);
    },
    write: (bytes, isLast) => exchange.write(bytes, isLast),
    delivered: () => exchange.delivered(),
    abort: () => exchange.abort(),
    get isGone() {
      return exchange.isGone;
    },
    get hasBegun() {
      return hasBegun;
    },
  };
}
