import { FleetError } from './codes.ts';

/**
 * What was looked up, when it is there.
 *
 * @param noun such as `device`, for the message
 * @throws FleetError `fleet/not-found`
 */
export function mustExist<Entity>(entity: Entity | null, noun: string, id: string): Entity {
  if (entity !== null) return entity;
  throw new FleetError('fleet/not-found', `There is no ${noun} ${id}.`, {
    hint: `Look at \`otakit ${noun} list\`.`,
    details: { noun, id },
  });
}

/**
 * The entity with changes made and its revision one higher. Fields that are `undefined` stay.
 *
 * @param seen the revision that the caller looked at; left out to change whatever is there
 * @throws FleetError `fleet/changed-meanwhile`
 */
export function revise<Entity extends { readonly revision: number }>(
  entity: Entity,
  changes: { readonly [Field in keyof Entity]?: Entity[Field] | undefined },
  seen: number | undefined,
): Entity {
  checkRevision(entity, seen);
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...entity, ...Object.fromEntries(given), revision: entity.revision + 1 };
}

/**
 * For what is changed or removed only in the state that somebody looked at.
 *
 * @param seen its revision there; `undefined` for whatever is there
 * @throws FleetError `fleet/changed-meanwhile`
 */
export function checkRevision(
  { revision }: { readonly revision: number },
  seen: number | undefined,
): void {
  if (seen === undefined || seen === revision) return;
  throw new FleetError(
    'fleet/changed-meanwhile',
    `It is at revision ${revision}, and you saw ${seen}.`,
    { hint: 'Read it again, and change what is there now.', details: { revision, seen } },
  );
}

/** A hundred years: beyond it a moment no longer fits what dates and databases hold exactly. */
const LONGEST_MS = 100 * 365 * 24 * 3_600_000;

/**
 * The moment this long after another one; `null` for no time at all.
 *
 * @throws FleetError `fleet/invalid`
 */
export function momentAfter(
  atMs: number,
  field: string,
  durationMs: number | undefined,
): number | null {
  if (durationMs === undefined) return null;
  if (Number.isSafeInteger(durationMs) && durationMs >= 1 && durationMs <= LONGEST_MS) {
    return atMs + durationMs;
  }
  throw new FleetError('fleet/invalid', `${field} is ${durationMs}, which no clock can wait for.`, {
    hint: `Give whole milliseconds from 1 to ${LONGEST_MS} (a hundred years).`,
    details: { field, value: durationMs },
  });
}

/** Control characters, without tab and the ends of lines: nobody means them, and terminals obey them. */
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/**
 * A text for people that is not too long, and text indeed.
 *
 * @throws FleetError `fleet/invalid`
 */
export function checkText(field: string, text: string, maxLength: number): string {
  if (CONTROL.test(text) || !text.isWellFormed()) {
    throw new FleetError('fleet/invalid', `${field} has characters in it that are no text.`, {
      hint: 'Leave out control characters.',
      details: { field },
    });
  }
  if (text.length <= maxLength) return text;
  throw new FleetError(
    'fleet/invalid',
    `${field} has ${text.length} characters, and ${maxLength} is the most.`,
    { hint: 'Shorten it.', details: { field, length: text.length, maxLength } },
  );
}
