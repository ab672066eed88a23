import { mustExist } from '../entity.ts';
import type { Repositories } from '../repositories.ts';

/** Sorted, without repeats; each has to exist, so that a misspelt one is found here. */
export async function checkTags(
  repositories: Repositories,
  tags: readonly string[],
): Promise<readonly string[]> {
  const wanted = [...new Set(tags)].toSorted();
  for (const tag of wanted) mustExist(await repositories.tags.get(tag), 'tag', tag);
  return wanted;
}
