import type { Kysely } from 'kysely';
import type { Artifact } from '../../artifacts/artifact.ts';
import type { ArtifactFilter } from '../../repositories.ts';
import { type Conditions, EntityRepository } from '../entity-repository.ts';
import type { EntityTable } from '../entity-table.ts';
import type { Tables } from '../tables.ts';

/** Stands for any hardware in the table of an artifact's blueprints. */
const ANY_HARDWARE = '';

const conditions: Conditions<ArtifactFilter> = (filter, eb, db) => [
  ...(filter.packageId === undefined ? [] : [eb('package_id', '=', filter.packageId)]),
  ...(filter.version === undefined ? [] : [eb('version', '=', filter.version)]),
  ...(filter.sha256 === undefined ? [] : [eb('sha256', '=', filter.sha256)]),
  ...(filter.blueprintId === undefined
    ? []
    : [
        eb(
          'artifact_id',
          'in',
          db
            .selectFrom('artifact_blueprints')
            .select('artifact_id')
            .where('blueprint_id', '=', filter.blueprintId),
        ),
      ]),
];

/** Artifacts; that there is one per package, version and blueprint is a constraint of its table. */
export class StoredArtifacts extends EntityRepository<Artifact, ArtifactFilter> {
  constructor(db: Kysely<Tables>, table: EntityTable<Artifact>) {
    super(db, table, conditions);
  }

  override async insert(artifact: Artifact): Promise<void> {
    await super.insert(artifact);
    const { artifactId, packageId, version } = artifact;
    const blueprintIds = artifact.blueprintIds.length > 0 ? artifact.blueprintIds : [ANY_HARDWARE];
    await this.guard(`${packageId}@${version}`, () =>
      this.db
        .insertInto('artifact_blueprints')
        .values(
          blueprintIds.map((blueprintId) => ({
            package_id: packageId,
            version,
            blueprint_id: blueprintId,
            artifact_id: artifactId,
          })),
        )
        .execute(),
    );
  }
}
