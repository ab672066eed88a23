import type { Exchange, HttpProtocol } from '../../serve/index.ts';
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
  const answer = new GuardedExchange(exchange);
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
class GuardedExchange implements Exchange {
  hasBegun = false;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  get protocol(): HttpProtocol {
    return this.#exchange.protocol;
  }

  get method(): string {
    return this.#exchange.method;
  }

  get target(): string {
    return this.#exchange.target;
  }

  get peerAddress(): string {
    return this.#exchange.peerAddress;
  }

  get isGone(): boolean {
    return this.#exchange.isGone;
  }

  header(name: string): string | undefined {
    return this.#exchange.header(name);
  }

  answer(...[status, headers, body]: Parameters<Exchange['answer']>): void {
    this.hasBegun = true;
    this.#exchange.answer(status, headers, body);
  }

  begin(...[status, headers]: Parameters<Exchange['begin']>): void {
    this.hasBegun = true;
    this.#exchange.begin(status, headers);
  }

  write(bytes: Uint8Array, isLast: boolean): Promise<void> {
    return this.#exchange.write(bytes, isLast);
  }

  delivered(): Promise<void> {
    return this.#exchange.delivered();
  }

  abort(): void {
    this.#exchange.abort();
  }
}
