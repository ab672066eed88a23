import type { Kysely } from 'kysely';
import type { Deployment } from '../../deployments/deployment.ts';
import type { DeploymentRepository } from '../../repositories.ts';
import { type Conditions, EntityRepository } from '../entity-repository.ts';
import type { EntityTable } from '../entity-table.ts';
import type { Tables } from '../tables.ts';

const conditions: Conditions<{ artifactId?: string }> = ({ artifactId }, eb, db) =>
  artifactId === undefined
    ? []
    : [
        eb(
          'deployment_id',
          'in',
          db
            .selectFrom('deployment_components')
            .select('deployment_id')
            .where('artifact_id', '=', artifactId),
        ),
      ];

/** Deployments, with their components in a table of their own so that one finds who has an artifact. */
export class StoredDeployments
  extends EntityRepository<Deployment, { artifactId?: string }>
  implements DeploymentRepository
{
  constructor(db: Kysely<Tables>, table: EntityTable<Deployment>) {
    super(db, table, conditions);
  }

  override async insert(deployment: Deployment): Promise<void> {
    await super.insert(deployment);
    if (deployment.components.length === 0) return;
    await this.guard(deployment.deploymentId, () =>
      this.db
        .insertInto('deployment_components')
        .values(
          deployment.components.map(({ packageId, artifactId }) => ({
            deployment_id: deployment.deploymentId,
            package_id: packageId,
            artifact_id: artifactId,
          })),
        )
        .execute(),
    );
  }

  async lastSequence(): Promise<number> {
    const row = await this.db
      .selectFrom('deployments')
      .select((eb) => eb.fn.max('sequence').as('last'))
      .executeTakeFirst();
    return row?.last ?? 0;
  }
}
