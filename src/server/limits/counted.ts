import { ServerError } from '../codes.ts';

/** A number of things that may go on at the same time. */
export class Counted {
  readonly #most: number;
  readonly #what: string;
  #open = 0;

  /** @param what for the message, such as `downloads` */
  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
  }

  get open(): number {
    return this.#open;
  }

  /** @throws ServerError `server/busy` */
  enter(retryAfterMs: number): Disposable {
    if (this.#open >= this.#most) {
      throw new ServerError('server/busy', `${this.#most} ${this.#what} are going on already`, {
        hint: 'Try again as late as Retry-After says.',
        details: { retryAfterMs, most: this.#most },
      });
    }
    this.#open += 1;
    let isOpen = true;
    return {
      [Symbol.dispose]: () => {
        if (isOpen) this.#open -= 1;
        isOpen = false;
      },
    };
  }
}
