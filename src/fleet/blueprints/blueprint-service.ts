import { provisionersOf } from '../access/provisioners.ts';
import type { Change } from '../change.ts';
import type { FleetContext } from '../context.ts';
import { checkRevision, checkText, mustExist, revise } from '../entity.ts';
import type { BlueprintService } from '../fleet.ts';
import { checkChosenId } from '../ids.ts';
import { checkUnused, usersIn } from '../in-use.ts';
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
      change(actor, async (within) => {
        const { repositories, audit, event } = within;
        checkRevision(found(await repositories.blueprints.get(blueprintId), blueprintId), revision);
        await checkRemovable(within, blueprintId);
        await repositories.blueprints.delete(blueprintId);
        audit('blueprint.remove', `blueprint/${blueprintId}`);
        event('blueprint.removed', { data: { blueprintId } });
      }),
  };
}

/** Images were checked against its partition table: one of the same name must not take its place. */
async function checkRemovable(
  { repositories: { artifacts, devices, releases, tokens }, atMs }: Change,
  blueprintId: string,
): Promise<void> {
  const users = [
    await usersIn('device', (page) => devices.list({ blueprintId }, page)),
    await usersIn('artifact', (page) => artifacts.list({ blueprintId }, page)),
    await usersIn('release', (page) => releases.list({ blueprintId }, page)),
    await provisionersOf(tokens, atMs, (into) => into.blueprintId === blueprintId),
  ];
  checkUnused(
    `Blueprint ${blueprintId}`,
    { blueprintId },
    users,
    () => 'Make a blueprint of another name for other hardware, and leave this one to those.',
  );
}
