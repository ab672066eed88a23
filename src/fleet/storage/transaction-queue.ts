import { AsyncLocalStorage } from 'node:async_hooks';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** No more are stored together, so that the first one does not wait for too many others. */
const MOST_TOGETHER = 64;

interface Waiting {
  /** `null` when its work went well, or what it threw; whoever waits is told by `settle`. */
  run(transaction: Transaction<Tables>): Promise<{ readonly thrown: unknown } | null>;
  settle(): void;
  fail(error: unknown): void;
}

/**
 * Runs transactions one after the other. Those that wait at the same time are committed together: each in
 * a savepoint of its own, so that one that throws takes back nothing but its own, and each told of its
 * end only when all is on the disk. With hundreds of reports at once the disk would otherwise be waited
 * for hundreds of times.
 */
export class TransactionQueue {
  readonly #db: Kysely<Tables>;
  readonly #waiting: Waiting[] = [];
  #pumping: Promise<void> | null = null;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  run<Result>(work: (transaction: Transaction<Tables>) => Promise<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    // The work is called from the queue, and still in the asynchronous context of whoever asked for it.
    const inContext = AsyncLocalStorage.snapshot();
    let settle = () => undefined as void;
    this.#waiting.push({
      run: async (transaction) => {
        try {
          const result = await inContext(() => work(transaction));
          settle = () => resolve(result);
          return null;
        } catch (error) {
          settle = () => reject(error);
          return { thrown: error };
        }
      },
      settle: () => settle(),
      fail: reject,
    });
    this.#pumping ??= this.#pump();
    return promise;
  }

  /** Resolves when nothing is going on or waiting. */
  async idle(): Promise<void> {
    while (this.#pumping !== null) await this.#pumping;
  }

  async #pump(): Promise<void> {
    // Whoever asks in the same turn shall be in the same commit.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const together: Waiting[] = [];
      try {
        await this.#db.transaction().execute((transaction) => this.#runAll(transaction, together));
        for (const waiting of together) waiting.settle();
      } catch (error) {
        for (const waiting of this.#unlessNone(together)) waiting.fail(error);
      }
    }
    this.#pumping = null;
  }

  async #runAll(transaction: Transaction<Tables>, together: Waiting[]): Promise<void> {
    let next = this.#waiting.shift();
    while (next !== undefined) {
      together.push(next);
      await sql`savepoint work`.execute(transaction);
      const failure = await next.run(transaction);
      if (failure !== null) {
        await sql`rollback to savepoint work`.execute(transaction).catch(() => {
          // A disk that is full, for one, ends the whole transaction, of which nothing is left to go on with.
          throw failure.thrown;
        });
      }
      await sql`release savepoint work`.execute(transaction);
      next = together.length < MOST_TOGETHER ? this.#waiting.shift() : undefined;
    }
  }

  /** Where not even a beginning was possible, the one that is next fails, or it would be tried for ever. */
  #unlessNone(together: Waiting[]): readonly Waiting[] {
    return together.length > 0 ? together : this.#waiting.splice(0, 1);
  }
}
