import type { Kysely } from 'kysely';
import type { AuditEntry } from '../../access/audit-entry.ts';
import type { Page, PageRequest } from '../../page.ts';
import type { AuditRepository } from '../../repositories.ts';
import type { LogTables } from '../log-tables.ts';
import { checkPage, parseSort, unsortable } from '../paging.ts';
import { takeNumbers } from '../sequences.ts';
import type { Tables } from '../tables.ts';

const SORTS: Readonly<Record<string, keyof Tables['audit']>> = {
  auditId: 'audit_id',
  atMs: 'at_ms',
  actor: 'actor',
  action: 'action',
  subject: 'subject',
};

export class StoredAudit implements AuditRepository {
  readonly #db: Kysely<Tables>;

  readonly #log: LogTables;

  constructor(db: Kysely<Tables>, log: LogTables) {
    this.#db = db;
    this.#log = log;
  }

  async append(entry: Omit<AuditEntry, 'auditId'>): Promise<void> {
    await this.#db.executeQuery({
      ...this.#log.auditQuery,
      parameters: [
        await takeNumbers(this.#db, this.#log.take, 'audit', 1),
        entry.atMs,
        entry.actor,
        entry.action,
        entry.subject,
        JSON.stringify(entry.details),
      ],
    });
  }

  async list(
    { actor, subject }: { actor?: string; subject?: string },
    request: PageRequest,
  ): Promise<Page<AuditEntry>> {
    const { offset, limit } = checkPage(request);
    const { field, descending } = parseSort(request.sort ?? 'auditId');
    const column = Object.hasOwn(SORTS, field) ? SORTS[field] : undefined;
    if (column === undefined) throw unsortable(field, Object.keys(SORTS));
    const direction = descending ? 'desc' : 'asc';
    const matching = this.#db
      .selectFrom('audit')
      .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
      .$if(subject !== undefined, (query) => query.where('subject', '=', subject ?? ''));
    const rows = await matching
      .selectAll()
      .orderBy(column, direction)
      .orderBy('audit_id', direction)
      .limit(limit)
      .offset(offset)
      .execute();
    const { total } = await matching
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow();
    return {
      list: rows.map((row) => ({
        auditId: row.audit_id,
        atMs: row.at_ms,
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        details: JSON.parse(row.details) as AuditEntry['details'],
      })),
      page: request.page,
      perPage: request.perPage,
      total,
    };
  }
}
