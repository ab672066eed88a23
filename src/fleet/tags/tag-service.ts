import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { checkText, mustExist } from '../entity.ts';
import type { TagService } from '../fleet.ts';
import { checkChosenId } from '../ids.ts';
import type { Repositories } from '../repositories.ts';

const LONGEST_DESCRIPTION = 1000;
const ONE = { page: 0, perPage: 1 };
const MANY = { page: 0, perPage: 1000 };

/** Labels that devices and releases may carry. */
export function createTagService({ store, change }: FleetContext): TagService {
  return {
    list: () => store.read.tags.list(),
    create: (actor, tag, description = '') =>
      change(actor, async ({ repositories, audit }) => {
        checkChosenId('tag', tag);
        checkText('description', description, LONGEST_DESCRIPTION);
        await repositories.tags.insert({ tag, description });
        audit('tag.create', `tag/${tag}`);
        return { tag, description, devices: 0 };
      }),
    remove: (actor, tag) =>
      change(actor, async ({ repositories, audit }) => {
        mustExist(await repositories.tags.get(tag), 'tag', tag);
        await checkUnused(repositories, tag);
        await repositories.tags.delete(tag);
        audit('tag.remove', `tag/${tag}`);
      }),
  };
}

/** Removed, it would silently stop a release from reaching the devices that it aims at. */
async function checkUnused(repositories: Repositories, tag: string): Promise<void> {
  const { total: devices } = await repositories.devices.list({ tags: [tag] }, ONE);
  const releases = (await repositories.releases.list({ tag }, MANY)).list
    .filter(({ deviceTags }) => deviceTags.includes(tag))
    .map(({ releaseId }) => releaseId);
  if (devices === 0 && releases.length === 0) return;
  throw new FleetError(
    'fleet/in-use',
    `Tag ${tag} is on ${devices} devices and in ${releases.length} releases.`,
    {
      hint: 'Take it off those first.',
      details: { tag, devices, releases },
    },
  );
}
