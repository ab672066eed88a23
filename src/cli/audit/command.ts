import type { AuditEntry } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import { addList } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { AUDIT_ENTRY } from '../fleet/json-shapes.ts';
import { listOf } from '../fleet/verb-help.ts';
import type { RegisterNoun } from '../nouns.ts';

const COLUMNS: readonly EntityColumn<AuditEntry>[] = [
  { title: 'atMs', value: (entity) => entity.atMs },
  { title: 'who', value: (entity) => entity.actor },
  { title: 'what', value: (entity) => entity.action },
  { title: 'to', value: (entity) => entity.subject },
];

/** `otakit audit`: who did what. */
export const registerAudit: RegisterNoun = (noun, { context }) => {
  addList(noun)
    .option('--actor <actor>', 'only by this one, such as token:tok_…')
    .option('--subject <subject>', 'only to this, such as artifact/art_…')
    .addHelpText('after', HELP)
    .action(async (options: ListOptions & { actor?: string; subject?: string }) => {
      const { list } = await import('../fleet/verb.ts');
      const { actor, subject } = options;
      await list('/audit', COLUMNS, { actor, subject }, options, context);
    });
};

const HELP = `
Examples:
  otakit audit --sort -auditId --per-page 20
  otakit audit --actor token:tok_k3v5… --json
  otakit audit --subject rollout/rol_k3v5…

JSON: ${listOf(AUDIT_ENTRY)}.`;
