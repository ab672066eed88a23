import type { Kysely } from 'kysely';
import type { AuditEntry } from '../../access/audit-entry.ts';
import type { Page, PageRequest } from '../../page.ts';
import type { AuditRepository } from '../../repositories.ts';
import { listPage, orderOf } from '../list-page.ts';
import type { LogTables } from '../log-tables.ts';
import { takeNumbers } from '../sequences.ts';
import type { Tables } from '../tables.ts';

const SORTS = new Map<string, keyof Tables['audit']>([
  ['auditId', 'audit_id'],
  ['atMs', 'at_ms'],
  ['actor', 'actor'],
  ['action', 'action'],
  ['subject', 'subject'],
]);

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
    const matching = this.#db
      .selectFrom('audit')
      .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
      .$if(subject !== undefined, (query) => query.where('subject', '=', subject ?? ''));
    return await listPage(
      {
        rows: matching.selectAll(),
        counted: matching.select(({ fn }) => fn.countAll<number>().as('total')),
      },
      orderOf(request.sort, SORTS),
      request,
      fromRow,
    );
  }
}

function fromRow(row: Tables['audit']): AuditEntry {
  return {
    auditId: row.audit_id,
    atMs: row.at_ms,
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    details: JSON.parse(row.details) as AuditEntry['details'],
  };
}
