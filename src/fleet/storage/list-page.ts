import { type SelectQueryBuilder, type Simplify, sql } from 'kysely';
import type { Page, PageRequest } from '../page.ts';
import { checkPage, parseSort, unsortable } from './paging.ts';

/** A column to sort by. */
export interface OrderBy {
  readonly column: string;
  readonly descending: boolean;
  /** It may be null, which sorts last either way. */
  readonly nullable?: boolean;
}

/** A query for rows of one kind, and for how many there are. */
export interface ListQuery<Tables, From extends keyof Tables, Row> {
  readonly rows: SelectQueryBuilder<Tables, From, Row>;
  /** One with as many rows, where there is a cheaper one to count. */
  readonly counted: SelectQueryBuilder<Tables, From, { readonly total: number }>;
}

/** One page of the rows that a query finds, each made into what it stands for, and how many there are. */
export async function listPage<Tables, From extends keyof Tables, Row, Item>(
  { rows, counted }: ListQuery<Tables, From, Row>,
  order: readonly OrderBy[],
  request: PageRequest,
  fromRow: (row: Simplify<Row>) => Item,
): Promise<Page<Item>> {
  const { offset, limit } = checkPage(request);
  let query = rows;
  for (const { column, descending, nullable = false } of order) {
    query = query.orderBy(sql.ref(column), (by) => {
      const directed = descending ? by.desc() : by.asc();
      return nullable ? directed.nullsLast() : directed;
    });
  }
  const found = await query.limit(limit).offset(offset).execute();
  const { total } = await counted.executeTakeFirstOrThrow();
  const { page, perPage } = request;
  return { list: found.map(fromRow), page, perPage, total };
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
