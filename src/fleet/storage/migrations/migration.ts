import type { Kysely } from 'kysely';

/** One step forward; once released it never changes, because databases in the field have taken it. */
export interface Migration {
  /** Sorts after all earlier ones. */
  readonly name: string;
  readonly up: (db: Kysely<unknown>) => Promise<void>;
}
