import type { CompiledQuery, Kysely } from 'kysely';
import { type TakeQuery, takeQuery } from './sequences.ts';
import type { Tables } from './tables.ts';

/** What is written with nearly every change, compiled once. */
export class LogTables {
  readonly take: TakeQuery;
  readonly eventQuery: CompiledQuery;
  readonly auditQuery: CompiledQuery;

  constructor(db: Kysely<Tables>) {
    this.take = takeQuery(db);
    this.eventQuery = db
      .insertInto('events')
      .values({ event_id: 0, at_ms: 0, type: '', device_id: '', rollout_id: '', data: '' })
      .compile();
    this.auditQuery = db
      .insertInto('audit')
      .values({ audit_id: 0, at_ms: 0, actor: '', action: '', subject: '', details: '' })
      .compile();
  }
}
