import { FleetError } from '../codes.ts';
import type { PageRequest } from '../page.ts';

const MOST_PER_PAGE = 1000;

/** @throws FleetError `fleet/invalid` for a page that no list has */
export function checkPage({ page, perPage }: PageRequest): { offset: number; limit: number } {
  checkWhole('page', page, 0, Number.MAX_SAFE_INTEGER);
  checkWhole('perPage', perPage, 1, MOST_PER_PAGE);
  const offset = page * perPage;
  checkWhole('page', offset, 0, Number.MAX_SAFE_INTEGER);
  return { offset, limit: perPage };
}

/** The field and the direction of a `sort`, `-` in front for descending. */
export function parseSort(sort: string): { readonly field: string; readonly descending: boolean } {
  return sort.startsWith('-')
    ? { field: sort.slice(1), descending: true }
    : { field: sort, descending: false };
}

/** The error for a field that a list cannot be sorted by. */
export function unsortable(field: string, fields: readonly string[]): FleetError {
  const known = fields.join(', ');
  return new FleetError('fleet/invalid', `sort: there is no sorting by ${JSON.stringify(field)}.`, {
    hint: `Sort by one of ${known}; "-" in front reverses.`,
    details: { field: 'sort', value: field, known: fields },
  });
}

function checkWhole(field: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new FleetError(
    'fleet/invalid',
    `${field} ${value} is not a whole number from ${least} to ${most}.`,
    { hint: 'Pages count from 0.', details: { field, value, least, most } },
  );
}
