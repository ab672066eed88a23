import type { FleetContext } from '../context.ts';
import { checkRevision, checkText, mustExist, revise } from '../entity.ts';
import type { BlueprintService } from '../fleet.ts';
import { checkChosenId } from '../ids.ts';
import { checkPartitionTable } from './check-partition-table.ts';
import type { Blueprint } from './blueprint.ts';

const LONGEST_DESCRIPTION = 1000;

/** The hardware classes that images are checked against. */
export function createBlueprintService({ store, change }: FleetContext): BlueprintService {
  const { blueprints } = store.read;
  const found = (blueprint: Blueprint | null, blueprintId: string) =>
    mustExist(blueprint, 'blueprint', blueprintId);
  return {
    get: async (blueprintId) => found(await blueprints.get(blueprintId), blueprintId),
    list: (filter, page) => blueprints.list(filter, page),
    create: (actor, { blueprintId, chip, flashSizeBytes, partitionTable, description = '' }) =>
      change(actor, async ({ repositories, audit, event, atMs }) => {
        const blueprint: Blueprint = {
          blueprintId: checkChosenId('blueprintId', blueprintId),
          description: checkText('description', description, LONGEST_DESCRIPTION),
          chip,
          flashSizeBytes,
          partitionTable: checkPartitionTable(partitionTable, { chip, flashSizeBytes }),
          createdAtMs: atMs,
          revision: 1,
        };
        await repositories.blueprints.insert(blueprint);
        audit('blueprint.create', `blueprint/${blueprintId}`, { chip, flashSizeBytes });
        event('blueprint.created', { data: { blueprintId, chip } });
        return blueprint;
      }),
    update: (actor, blueprintId, { revision, description }) =>
      change(actor, async ({ repositories, audit }) => {
        const before = found(await repositories.blueprints.get(blueprintId), blueprintId);
        if (description !== undefined) checkText('description', description, LONGEST_DESCRIPTION);
        const after = revise(before, { description }, revision);
        await repositories.blueprints.update(after);
        audit('blueprint.update', `blueprint/${blueprintId}`, { description });
        return after;
      }),
    remove: (actor, blueprintId, revision) =>
      change(actor, async ({ repositories, audit, event }) => {
        checkRevision(found(await repositories.blueprints.get(blueprintId), blueprintId), revision);
        await repositories.blueprints.delete(blueprintId);
        audit('blueprint.remove', `blueprint/${blueprintId}`);
        event('blueprint.removed', { data: { blueprintId } });
      }),
  };
}
