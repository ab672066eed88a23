import { counted } from '../shared/index.ts';
import { FleetError } from './codes.ts';
import type { Page, PageRequest } from './page.ts';

/** Things of one kind that refer to what is to be removed. */
export interface Users {
  readonly noun: string;
  readonly total: number;
  /** Of a few of them. */
  readonly ids: readonly string[];
}

/** Enough to know where to look; a fleet's worth of ids helps nobody. */
const SHOWN = 3;

/** The first of a list, and how many there are. */
export async function usersIn<Noun extends string>(
  noun: Noun,
  list: (page: PageRequest) => Promise<Page<Readonly<Record<`${Noun}Id`, string>>>>,
): Promise<Users> {
  const found = await list({ page: 0, perPage: SHOWN });
  return { noun, total: found.total, ids: found.list.map((one) => one[`${noun}Id`]) };
}

/** Some of those that are known already. */
export function someOf(noun: string, ids: readonly string[]): Users {
  return { noun, total: ids.length, ids: ids.slice(0, SHOWN) };
}

/**
 * Lets pass what nothing refers to.
 *
 * @param what as messages call it, such as `Cohort production`
 * @param subject what it is in `details`, such as `{ cohortId: 'production' }`
 * @param hintFor what to do about the first kind that there is
 * @throws FleetError `fleet/in-use` that names a few of each kind, with `details.usedBy` of their totals
 *   and ids, by the plural of the kind
 */
export function checkUnused(
  what: string,
  subject: Readonly<Record<string, string>>,
  users: readonly Users[],
  hintFor: (noun: string) => string,
): void {
  const there = users.filter(({ total }) => total > 0);
  const [first] = there;
  if (first === undefined) return;
  throw new FleetError('fleet/in-use', `${what} is used by ${lists.format(there.map(textOf))}.`, {
    hint: hintFor(first.noun),
    details: {
      ...subject,
      usedBy: Object.fromEntries(there.map(({ noun, total, ids }) => [`${noun}s`, { total, ids }])),
    },
  });
}

const lists = new Intl.ListFormat('en-GB');

/** `12 devices (d1, d2, d3 and 9 more)`. */
function textOf({ noun, total, ids }: Users): string {
  const more = total - ids.length;
  return `${counted(total, noun)} (${ids.join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
}
