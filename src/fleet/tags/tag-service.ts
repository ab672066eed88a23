import type { FleetContext } from '../context.ts';
import { checkText, mustExist } from '../entity.ts';
import type { TagService } from '../fleet.ts';
import { checkChosenId } from '../ids.ts';
import { checkUnused, someOf, usersIn } from '../in-use.ts';
import type { Repositories } from '../repositories.ts';

const LONGEST_DESCRIPTION = 1000;
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
        await checkRemovable(repositories, tag);
        await repositories.tags.delete(tag);
        audit('tag.remove', `tag/${tag}`);
      }),
  };
}

/** Removed, it would silently stop a release from reaching the devices that it aims at. */
async function checkRemovable({ devices, releases }: Repositories, tag: string): Promise<void> {
  const aimed = (await releases.list({ tag }, MANY)).list
    .filter(({ deviceTags }) => deviceTags.includes(tag))
    .map(({ releaseId }) => releaseId);
  const users = [
    await usersIn('device', (page) => devices.list({ tags: [tag] }, page)),
    someOf('release', aimed),
  ];
  checkUnused(`Tag ${tag}`, { tag }, users, () => 'Take it off those first.');
}
