import type { Kysely } from 'kysely';
import type { Release } from '../../releases/release.ts';
import type { ReleaseRepository } from '../../repositories.ts';
import { type Conditions, EntityRepository } from '../entity-repository.ts';
import type { EntityTable } from '../entity-table.ts';
import { lastOf, raiseTo } from '../sequences.ts';
import type { Tables } from '../tables.ts';

type ReleaseFilter = Parameters<ReleaseRepository['list']>[0];

const conditions: Conditions<ReleaseFilter> = ({ enabled, tag, blueprintId }, eb, db) => [
  ...(enabled === undefined ? [] : [eb('enabled', '=', Number(enabled))]),
  ...(blueprintId === undefined ? [] : [eb('blueprint_id', '=', blueprintId)]),
  ...(tag === undefined
    ? []
    : [
        eb(
          'release_id',
          'in',
          db.selectFrom('release_tags').select('release_id').where('tag', '=', tag),
        ),
      ]),
];

/** Releases; a tag finds those that are named so and those that aim at devices with it. */
export class StoredReleases
  extends EntityRepository<Release, ReleaseFilter>
  implements ReleaseRepository
{
  constructor(db: Kysely<Tables>, table: EntityTable<Release>) {
    super(db, table, conditions);
  }

  override async insert(release: Release): Promise<void> {
    await super.insert(release);
    await raiseTo(this.db, 'releases', release.sequence);
    await this.#addTags(release);
  }

  override async update(release: Release): Promise<void> {
    await super.update(release);
    await this.db.deleteFrom('release_tags').where('release_id', '=', release.releaseId).execute();
    await this.#addTags(release);
  }

  lastSequence(): Promise<number> {
    return lastOf(this.db, 'releases');
  }

  async #addTags({ releaseId, releaseTags, deviceTags }: Release): Promise<void> {
    const rows = [
      ...releaseTags.map((tag) => ({ release_id: releaseId, kind: 'release' as const, tag })),
      ...deviceTags.map((tag) => ({ release_id: releaseId, kind: 'device' as const, tag })),
    ];
    if (rows.length > 0) await this.db.insertInto('release_tags').values(rows).execute();
  }
}
