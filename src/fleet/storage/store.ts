import { AsyncLocalStorage } from 'node:async_hooks';
import { Kysely } from 'kysely';
import type { Clock } from '../../shared/index.ts';
import type { FleetStore, Repositories } from '../repositories.ts';
import { migrate } from './migrations/migrate.ts';
import { prepareRepositories, type RepositoriesOver } from './repositories/all-repositories.ts';
import { openForReading, openForWriting, ReadingKysely, sqliteDialect } from './sqlite.ts';
import type { Tables } from './tables.ts';
import { TransactionQueue } from './transaction-queue.ts';

/** Where the data is kept. */
export interface StoreOptions {
  /** A file, made when missing, or `:memory:` for data that nobody needs afterwards. */
  readonly file: string;
  readonly clock: Clock;
}

/**
 * Opens the store, taking it to the newest version first. One process at a time may
 * have it open; the lock of the data folder sees to that.
 *
 * @throws FleetError `fleet/data-newer`
 */
export async function openStore({ file, clock }: StoreOptions): Promise<FleetStore> {
  const database = openForWriting(file);
  const writer = new Kysely<Tables>({ dialect: sqliteDialect(database) });
  try {
    await migrate(writer, clock.now());
  } catch (error) {
    await writer.destroy();
    throw error;
  }
  // A second connection reads what is committed while a transaction is open on the first. A database in
  // memory has only one, whose readers wait for the transaction to end.
  const reader = file === ':memory:' ? writer : new ReadingKysely<Tables>(openForReading(file));
  return new SqlStore(
    writer,
    reader,
    prepareRepositories(writer, () => clock.now()),
  );
}

class SqlStore implements FleetStore {
  readonly #writer: Kysely<Tables>;
  readonly #reader: Kysely<Tables>;
  readonly #queue: TransactionQueue;
  readonly #over: RepositoriesOver;
  readonly #reading: Repositories;
  readonly #inTransaction = new AsyncLocalStorage<true>();

  constructor(writer: Kysely<Tables>, reader: Kysely<Tables>, over: RepositoriesOver) {
    this.#writer = writer;
    this.#reader = reader;
    this.#queue = new TransactionQueue(writer);
    this.#over = over;
    this.#reading = over(reader);
  }

  get read(): Repositories {
    this.#mustBeOutside('read', 'Use the repositories that the transaction was given.');
    return this.#reading;
  }

  transaction<Result>(work: (repositories: Repositories) => Promise<Result>): Promise<Result> {
    this.#mustBeOutside('transaction', 'Pass on the repositories of the one that is open.');
    return this.#queue.run((transaction) =>
      this.#inTransaction.run(true, () => work(this.#over(transaction))),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.idle();
    if (this.#reader !== this.#writer) await this.#reader.destroy();
    await this.#writer.destroy();
  }

  /** Inside a transaction it would show stale data or, with one connection, wait for itself for ever. */
  #mustBeOutside(what: string, instead: string): void {
    if (this.#inTransaction.getStore() !== true) return;
    throw new Error(`store.${what} was used inside a transaction. ${instead}`);
  }
}
