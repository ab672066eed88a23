import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { checkRevision, checkText, mustExist, revise } from '../entity.ts';
import type { PackageService } from '../fleet.ts';
import { checkChosenId } from '../ids.ts';
import { checkUnused, usersIn } from '../in-use.ts';
import type { Package } from './package.ts';

const LONGEST_DESCRIPTION = 1000;
const MOST_METADATA = 50;
const LONGEST_METADATA = 500;

/** What can be updated, and what is said about it. */
export function createPackageService({ store, change }: FleetContext): PackageService {
  const { packages } = store.read;
  return {
    get: async (packageId) => mustExist(await packages.get(packageId), 'package', packageId),
    list: (filter, page) => packages.list(filter, page),
    create: (actor, { packageId, kind = 'app-image', description = '', metadata = {} }) =>
      change(actor, async ({ repositories, audit, event, atMs }) => {
        const made: Package = {
          packageId: checkChosenId('packageId', packageId),
          kind,
          description: checkText('description', description, LONGEST_DESCRIPTION),
          metadata: checkMetadata(metadata),
          createdAtMs: atMs,
          revision: 1,
        };
        await repositories.packages.insert(made);
        audit('package.create', `package/${packageId}`, { kind });
        event('package.created', { data: { packageId, kind } });
        return made;
      }),
    update: (actor, packageId, { revision, description, metadata }) =>
      change(actor, async ({ repositories, audit }) => {
        const before = mustExist(await repositories.packages.get(packageId), 'package', packageId);
        if (description !== undefined) checkText('description', description, LONGEST_DESCRIPTION);
        const changes = { description, metadata: metadata && checkMetadata(metadata) };
        const after = revise(before, changes, revision);
        await repositories.packages.update(after);
        audit('package.update', `package/${packageId}`, changes);
        return after;
      }),
    remove: (actor, packageId, revision) =>
      change(actor, async ({ repositories, audit, event }) => {
        const pack = mustExist(await repositories.packages.get(packageId), 'package', packageId);
        checkRevision(pack, revision);
        const artifacts = await usersIn('artifact', (page) =>
          repositories.artifacts.list({ packageId }, page),
        );
        checkUnused(
          `Package ${packageId}`,
          { packageId },
          [artifacts],
          () => 'Delete its artifacts first: those that are in no deployment can be.',
        );
        await repositories.packages.delete(packageId);
        audit('package.remove', `package/${packageId}`);
        event('package.removed', { data: { packageId } });
      }),
  };
}

function checkMetadata(metadata: Package['metadata']): Package['metadata'] {
  const entries = Object.entries(metadata);
  if (entries.length > MOST_METADATA) {
    throw new FleetError(
      'fleet/invalid',
      `${entries.length} notes in metadata, and ${MOST_METADATA} is the most.`,
      { hint: 'Leave out some of them.', details: { field: 'metadata', count: entries.length } },
    );
  }
  for (const [key, value] of entries) {
    checkText('a key of metadata', key, LONGEST_METADATA);
    checkText(`metadata ${key.slice(0, 40)}`, value, LONGEST_METADATA);
  }
  return metadata;
}
