import { NvsError } from '../codes.ts';
import type { BoardRow } from './board-rows.ts';

/** That a board was given a row. */
export interface RowClaim {
  /** {@link BoardRow.id}. */
  readonly row: string;
  readonly mac: string;
}

/**
 * Which row a board gets: the one that names its MAC address, or the one that it was given before, or
 * else the next that nobody has.
 *
 * @param claims in the order in which they were made: of two for the same row or the same board the
 *   first counts
 * @throws NvsError `nvs/no-row-left`, `nvs/row-conflict`
 */
export function chooseBoardRow(
  rows: readonly BoardRow[],
  claims: readonly RowClaim[],
  mac: string,
): { readonly row: BoardRow; readonly isClaimed: boolean } {
  const { rowOf, macOf } = standing(claims);
  const bound = rows.find((row) => row.mac === mac);
  const had = rowOf.get(mac);
  if (bound !== undefined) {
    const owner = macOf.get(bound.id);
    if (owner !== undefined && owner !== mac) {
      throw conflict(`the row of ${mac} on line ${bound.line} was given to ${owner} before`);
    }
    if (had !== undefined && had !== bound.id) {
      throw conflict(`${mac} has a row on line ${bound.line}, but was given another one before`);
    }
    return { row: bound, isClaimed: had !== undefined };
  }
  if (had !== undefined) {
    const row = rows.find(({ id }) => id === had);
    if (row === undefined) throw conflict(`${mac} was given a row that is not there any more`);
    if (row.mac === null) return { row, isClaimed: true };
    throw conflict(`the row that ${mac} was given is now that of ${row.mac}`);
  }
  const next = rows.find((row) => row.mac === null && !macOf.has(row.id));
  if (next !== undefined) return { row: next, isClaimed: false };
  throw new NvsError('nvs/no-row-left', `there is no row left for ${mac}: ${rows.length} in all`, {
    hint: 'Add rows to the CSV; those that boards have stay theirs.',
    details: { mac, rows: rows.length },
  });
}

/** Which claims count, of several for one row or one board. */
function standing(claims: readonly RowClaim[]) {
  const rowOf = new Map<string, string>();
  const macOf = new Map<string, string>();
  for (const { row, mac } of claims) {
    if (rowOf.has(mac) || macOf.has(row)) continue;
    rowOf.set(mac, row);
    macOf.set(row, mac);
  }
  return { rowOf, macOf };
}

function conflict(message: string): NvsError {
  return new NvsError('nvs/row-conflict', message, {
    hint: 'Put the CSV right, or delete the line of that board from the journal beside it.',
  });
}
