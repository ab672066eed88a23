import { FleetError } from './codes.ts';

/** The kinds of things whose ids the fleet makes up itself, with what their ids begin with. */
export type IdPrefix = 'art' | 'dep' | 'rel' | 'rol' | 'cmd' | 'tok' | 'whk';

/** RFC 4648 base32 in lower case: 32 letters, so that each takes five random bits without a bias. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const ID_LETTERS = 20;
const CHOSEN_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** A new id such as `dep_` and 20 letters: 100 random bits, so that two never meet. */
export function newId(prefix: IdPrefix, randomBytes: (count: number) => Uint8Array): string {
  const letters = Array.from(randomBytes(ID_LETTERS), (byte) => ALPHABET[byte % 32]).join('');
  return `${prefix}_${letters}`;
}

/** Whether somebody may choose this as the id of a package, blueprint, cohort, device or tag. */
export function isChosenId(id: string): boolean {
  // What every object has of itself (`constructor`, `valueOf`) would be found where nothing was stored.
  return CHOSEN_ID.test(id) && !(id in Object.prototype);
}

/**
 * Gives the id back when it may be used.
 *
 * @param field what the message calls it, such as `cohortId`
 * @throws FleetError `fleet/invalid`
 */
export function checkChosenId(field: string, id: string): string {
  if (isChosenId(id)) return id;
  throw new FleetError('fleet/invalid', `${field} ${JSON.stringify(id.slice(0, 80))} is no id.`, {
    hint: 'Take 1 to 64 letters, digits, ".", "_", ":" or "-", starting with a letter or digit.',
    details: { field, value: id.slice(0, 80), length: id.length },
  });
}
