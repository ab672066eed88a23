import type { SelectQueryBuilder } from 'kysely';
import type { Page, PageRequest } from '../page.ts';
import type { LooseTables } from './entity-table.ts';
import { checkPage, parseSort, unsortable } from './paging.ts';

/** A column to sort by. */
export interface OrderBy {
  readonly column: string;
  readonly descending: boolean;
  /** It may be null, which sorts last either way. */
  readonly nullable?: boolean;
}

/**
 * One page of the rows that a query finds, each made into what it stands for, and how many there are.
 *
 * @param counted a query with as many rows, where there is a cheaper one
 */
export async function listPage<Item>(
  matching: SelectQueryBuilder<LooseTables, string, object>,
  order: readonly OrderBy[],
  request: PageRequest,
  fromRow: (row: Readonly<Record<string, unknown>>) => Item,
  counted = matching,
): Promise<Page<Item>> {
  const { offset, limit } = checkPage(request);
  let query = matching.selectAll();
  for (const { column, descending, nullable = false } of order) {
    query = query.orderBy(column, (by) => {
      const directed = descending ? by.desc() : by.asc();
      return nullable ? directed.nullsLast() : directed;
    });
  }
  const rows = await query.limit(limit).offset(offset).execute();
  const { total } = await counted
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const { page, perPage } = request;
  return { list: rows.map(fromRow), page, perPage, total };
}

/**
 * The order that a `sort` means, where fields and columns are these and the first one tells all rows apart.
 *
 * @throws FleetError `fleet/invalid` for a field that is none of them
 */
export function orderOf(
  sort: string | undefined,
  columns: ReadonlyMap<string, string>,
): readonly OrderBy[] {
  const [first = ['', '']] = columns;
  const { field, descending } = parseSort(sort ?? first[0]);
  const column = columns.get(field);
  if (column === undefined) throw unsortable(field, [...columns.keys()]);
  return [
    { column, descending },
    { column: first[1], descending },
  ];
}
