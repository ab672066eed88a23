/**
 * Everything that is SQLite's own: the dialect over the runtime's built-in driver, what a database is
 * opened with, and what its errors mean. Nothing else in the fleet knows which database it is.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  type Compilable,
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import { diskFull } from '../full-disk.ts';

/** Enough for every fixed query of the repositories, beside those that have many forms (lists). */
const CACHED_STATEMENTS = 256;
const BUSY_TIMEOUT_MS = 5000;
const PERMISSION = 3;
const BUSY = 5;
const READ_ONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;
const CONSTRAINT_FOREIGN_KEY = 787;
const CONSTRAINT_PRIMARY_KEY = 1555;
const CONSTRAINT_UNIQUE = 2067;

/** The one connection that writes. What it has committed survives a power cut. */
export function openForWriting(file: string): DatabaseSync {
  const database = new DatabaseSync(file, {
    enableForeignKeyConstraints: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  try {
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY',
    );
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** A connection that sees only what is committed. */
export function openForReading(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

/**
 * Locks a file for this process alone, or gives `null` when another has it. The lock is the operating
 * system's, through SQLite: it ends with the process however that ends, so none is ever stale, and it
 * works against a second opener within the process too.
 */
export function lockFile(file: string): { release(): void } | null {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return null;
    throw error;
  }
  return { release: () => database.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === BUSY;
}

/** What the driver threw, with a full disk by its name. */
export function asFullDatabase(error: unknown): unknown {
  const isFull = error instanceof Error && 'errcode' in error && error.errcode === FULL;
  return isFull ? diskFull(error) : error;
}

/** What an error of the driver says about the file: no (whole) database, or none that may be used. */
export function faultOf(error: unknown): 'damaged' | 'unusable' | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  // The upper bits tell more than is asked for here.
  switch (Number(error.errcode) & 0xff) {
    case CORRUPT:
    case NOT_A_DATABASE:
      return 'damaged';
    case PERMISSION:
    case READ_ONLY:
    case CANNOT_OPEN:
      return 'unusable';
    default:
      return null;
  }
}

/** What an error of the driver says about the data. */
export function constraintOf(error: unknown): 'unique' | 'foreign-key' | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  switch (error.errcode) {
    case CONSTRAINT_PRIMARY_KEY:
    case CONSTRAINT_UNIQUE:
      return 'unique';
    case CONSTRAINT_FOREIGN_KEY:
      return 'foreign-key';
    default:
      return null;
  }
}

/**
 * Moves when devices were last seen, never back. The parameter is a JSON object of moments by device id:
 * one statement for many devices costs a fraction of one for each.
 */
export const TOUCH_DEVICES = CompiledQuery.raw(
  `update device_contacts set last_seen_at_ms = seen.value from json_each(?) as seen
   where device_id = seen.key and (last_seen_at_ms is null or last_seen_at_ms < seen.value)`,
);

/** Ends the making of a table whose rows are kept in the order of its key, and nowhere else. */
export const CLUSTERED = sql`without rowid`;

/**
 * Kysely over a connection on which nothing is ever left open between two queries: what is compiled
 * already goes right to it, rather than queueing for the connection, which costs more than reading a row.
 */
export class ReadingKysely<Schema> extends Kysely<Schema> {
  readonly #connection: SqliteConnection;

  constructor(database: DatabaseSync) {
    super({ dialect: sqliteDialect(database) });
    this.#connection = new SqliteConnection(database);
  }

  override executeQuery<Row>(
    query: CompiledQuery<Row> | Compilable<Row>,
  ): Promise<QueryResult<Row>> {
    return this.#connection.executeQuery('compile' in query ? query.compile() : query);
  }
}

/** Kysely over one connection; destroying the Kysely closes it. */
export function sqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class SqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: SqliteConnection;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#connection = new SqliteConnection(database);
  }

  async init(): Promise<void> {}

  // The adapter says that there is one connection, so Kysely itself hands it to one user at a time.
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  // "Immediate" takes the write lock now rather than failing halfway.
  async beginTransaction(): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(): Promise<void> {
    // Some failures (a full disk) have already rolled back by themselves.
    if (this.#database.isTransaction) {
      await this.#connection.executeQuery(CompiledQuery.raw('rollback'));
    }
  }

  async destroy(): Promise<void> {
    this.#database.close();
  }
}

interface CachedStatement {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  #recent = new Map<string, CachedStatement>();
  /** Those that were recent before; what is used of them is recent again, the rest is forgotten. */
  #older = new Map<string, CachedStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { statement, returnsRows } = this.#prepared(sql);
    const values = parameters as readonly SQLInputValue[];
    try {
      if (returnsRows) return { rows: statement.all(...values) as Row[] };
      const { changes } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes) };
    } catch (error) {
      throw asFullDatabase(error);
    }
  }

  // The driver is synchronous: there is nothing to be gained by rows that come one by one.
  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query);
  }

  #prepared(sql: string): CachedStatement {
    const recent = this.#recent.get(sql);
    if (recent !== undefined) return recent;
    const prepared = this.#older.get(sql) ?? this.#prepare(sql);
    if (this.#recent.size === CACHED_STATEMENTS) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(sql, prepared);
    return prepared;
  }

  #prepare(sql: string): CachedStatement {
    const statement = this.#database.prepare(sql);
    return { statement, returnsRows: statement.columns().length > 0 };
  }
}
