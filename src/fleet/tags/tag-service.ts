import type { FleetContext } from '../context.ts';
import { checkText, mustExist } from '../entity.ts';
import type { TagService } from '../fleet.ts';
import { checkChosenId } from '../ids.ts';

const LONGEST_DESCRIPTION = 1000;

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
      }),
    remove: (actor, tag) =>
      change(actor, async ({ repositories, audit }) => {
        mustExist(await repositories.tags.get(tag), 'tag', tag);
        await repositories.tags.delete(tag);
        audit('tag.remove', `tag/${tag}`);
      }),
  };
}
