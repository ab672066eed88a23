import { backup, DatabaseSync } from 'node:sqlite';
import { FleetError } from '../codes.ts';
import { MIGRATIONS } from './migrations/migrate.ts';
import { asFullDatabase, openForReading } from './sqlite.ts';

/** More than any database has. */
const ALL_PAGES = 2 ** 31 - 1;

/** What is in a database file, as far as a backup needs to know. */
export interface DatabaseFacts {
  readonly artifacts: number;
  readonly devices: number;
  /** Of the bytes that its artifacts have, each once. */
  readonly blobs: readonly string[];
}

/** Copies a database that is in use to a file that stands on its own: what is committed at one moment. */
export async function copyDatabase(file: string, target: string): Promise<void> {
  // A connection of its own sees one committed state; all pages in one step, off this thread, because a
  // copy in several steps would begin again with each transaction meanwhile.
  const source = openForReading(file);
  try {
    await backup(source, target, { rate: ALL_PAGES });
  } catch (error) {
    throw asFullDatabase(error);
  } finally {
    source.close();
  }
  mergeLog(target);
}

/** Moves what is in a database's write-ahead log into its file, and leaves the file alone. */
export function mergeLog(file: string): void {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
  } finally {
    database.close();
  }
}

/**
 * Looks through a database file that may be anything.
 *
 * @throws FleetError `fleet/bad-archive`, `fleet/data-newer`
 */
export function checkDatabase(file: string): DatabaseFacts {
  let database: DatabaseSync | null = null;
  try {
    database = openForReading(file);
    const texts = (sql: string) =>
      (database?.prepare(sql).all() ?? []).map((row) => String(Object.values(row)[0]));
    const [verdict = 'nothing'] = texts('PRAGMA integrity_check(1)');
    if (verdict !== 'ok') throw damaged(verdict);
    if (texts('PRAGMA foreign_key_check').length > 0) throw damaged('references lead nowhere');
    checkMigrations(texts('SELECT name FROM migrations ORDER BY name'));
    return {
      artifacts: Number(texts('SELECT count(*) FROM artifacts')[0]),
      devices: Number(texts('SELECT count(*) FROM devices')[0]),
      blobs: texts('SELECT DISTINCT sha256 FROM artifacts ORDER BY sha256'),
    };
  } catch (error) {
    if (error instanceof FleetError) throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  } finally {
    database?.close();
  }
}

/** The digests of the bytes that a database's artifacts have; `null` for a file that cannot be read. */
export function referencedBlobs(file: string): readonly string[] | null {
  let database: DatabaseSync | null = null;
  try {
    database = openForReading(file);
    // A server that was stopped at its very first start leaves one without tables.
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE name = 'artifacts'");
    if (tables.get() === undefined) return [];
    const rows = database.prepare('SELECT DISTINCT sha256 FROM artifacts').all();
    return rows.map(({ sha256 }) => String(sha256));
  } catch {
    return null;
  } finally {
    database?.close();
  }
}

function checkMigrations(taken: readonly string[]): void {
  const known = new Set(MIGRATIONS.map(({ name }) => name));
  const unknown = taken.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new FleetError(
    'fleet/data-newer',
    `The database has been through ${unknown.join(', ')}, which this otakit does not know.`,
    { hint: 'Restore it with the otakit that made the backup, or a newer one.' },
  );
}

function damaged(why: string, cause?: unknown): FleetError {
  return new FleetError('fleet/bad-archive', `The database of the backup is damaged: ${why}.`, {
    hint: 'Take another backup; this one cannot be restored.',
    cause,
  });
}
