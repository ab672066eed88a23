import { isObject, type JsonObject, type JsonValue } from './document.ts';
import type { ValuePath } from './text-edit.ts';

/** The content of fragments by their {@link fragmentKey}, as far as it is known. */
export type Fragments = ReadonlyMap<string, JsonObject>;

/** One entry of `fragments` in a machine config. */
export interface FragmentUse {
  readonly id: string;
  readonly index: number;
  /** The revision or the tag that it is held at; `null` for whatever the fragment says now. */
  readonly version: string | null;
  /** An older config names the fragment by a plain string instead of an object. */
  readonly plain: boolean;
  /** What the fragment's variables are set to. */
  readonly variables: JsonObject;
  /** What goes before the names of all that the fragment brings, and a hyphen. */
  readonly prefix: string | null;
}

/** The fragments that a machine config, or another fragment, is built on, in order. */
export function fragmentUses(config: JsonObject): readonly FragmentUse[] {
  return items(config['fragments']).flatMap((entry, index): readonly FragmentUse[] => {
    if (typeof entry === 'string') {
      return [{ id: entry, index, version: null, plain: true, variables: {}, prefix: null }];
    }
    if (!isObject(entry) || typeof entry['id'] !== 'string') return [];
    const { id, version: pin, variables: given, prefix: wanted, disabled } = entry;
    // It stays in the config, but the machine gets nothing of it.
    if (disabled === true) return [];
    const variables = isObject(given) ? given : {};
    const prefix = typeof wanted === 'string' && wanted !== '' ? wanted : null;
    // A revision is a number, which people may write as one.
    const isPinned = (typeof pin === 'string' && pin !== '') || typeof pin === 'number';
    const version = isPinned ? String(pin) : null;
    return [{ id, index, version, plain: false, variables, prefix }];
  });
}

/** Which content of which fragment a use is about. */
export type FragmentVersion = Pick<FragmentUse, 'id' | 'version'>;

/** What the content that a use is about is found by: one fragment may be used at several versions. */
export function fragmentKey({ id, version }: FragmentVersion): string {
  return version === null ? id : `${id}@${version}`;
}

/** For people: `fragment 1234`, `fragment 1234 at version "stable"`. */
export function describeFragment({ id, version }: FragmentVersion): string {
  return `fragment ${id}${version === null ? '' : ` at version "${version}"`}`;
}

/** The app refuses to nest fragments any deeper. */
export const MOST_FRAGMENT_LEVELS = 5;

/** The fragments that a config is built on, also through others, whose content is not known. */
export function unreadFragments(
  config: JsonObject,
  fragments: Fragments,
): readonly FragmentVersion[] {
  const seen = new Map<string, FragmentVersion>();
  let users: readonly JsonObject[] = [config];
  for (let level = 1; level <= MOST_FRAGMENT_LEVELS; level += 1) {
    const used = new Map(users.flatMap(fragmentUses).map((use) => [fragmentKey(use), use]));
    const fresh = [...used].filter(([key]) => !seen.has(key));
    for (const [key, use] of fresh) seen.set(key, use);
    users = fresh.map(([key]) => fragments.get(key)).filter((content) => content !== undefined);
  }
  return [...seen].filter(([key]) => !fragments.has(key)).map(([, use]) => use);
}

/** What `fragment_mods` sets for one service of a fragment. */
export interface ServiceOverrides {
  readonly url: JsonValue | undefined;
  readonly version: JsonValue | undefined;
  /** Every service of the fragment that some mod touches. */
  readonly names: readonly string[];
}

const ATTRIBUTE_KEY = /^services\.([^.]+)\.attributes(?:\.([^.]+))?$/;

/** The values that the `$set` operators of a machine config give to a fragment's service. */
export function overrides(
  config: JsonObject,
  use: Pick<FragmentUse, 'id' | 'prefix'>,
  name = '',
): ServiceOverrides {
  const found: { url?: JsonValue; version?: JsonValue } = {};
  const names = new Set<string>();
  for (const { set } of setOperators(config, use)) {
    for (const [key, value] of Object.entries(set)) {
      const [, service, attribute] = ATTRIBUTE_KEY.exec(key) ?? [];
      if (service === undefined) continue;
      names.add(service);
      if (service !== name) continue;
      if (attribute === 'url' || attribute === 'version') found[attribute] = value;
      if (attribute === undefined && isObject(value)) Object.assign(found, pick(value));
    }
  }
  return { url: found.url, version: found.version, names: [...names] };
}

/**
 * Where in a machine config an override of a fragment's service goes: the place of the one that is
 * there (the last one, which wins), or else the best new place.
 */
export function overridePath(
  config: JsonObject,
  use: Pick<FragmentUse, 'id' | 'prefix'>,
  name: string,
  attribute: 'url' | 'version',
): ValuePath {
  const all = `services.${name}.attributes`;
  const key = `${all}.${attribute}`;
  const operators = setOperators(config, use);
  for (const { set, path } of operators.toReversed()) {
    if (set[key] !== undefined) return [...path, key];
    const whole = set[all];
    if (isObject(whole) && whole[attribute] !== undefined) return [...path, all, attribute];
  }
  const last = operators.at(-1);
  if (last !== undefined) return [...last.path, key];
  const mods = items(config['fragment_mods']);
  const entry = mods.findIndex((mod) => isAbout(mod, use));
  if (entry === -1) return ['fragment_mods', mods.length];
  const there = mods[entry];
  const count = isObject(there) ? items(there['mods']).length : 0;
  return ['fragment_mods', entry, 'mods', count, '$set', key];
}

interface SetOperator {
  readonly set: JsonObject;
  readonly path: ValuePath;
}

/** Two uses of one fragment are told apart by their prefixes. */
function isAbout(
  entry: JsonValue | undefined,
  { id, prefix }: Pick<FragmentUse, 'id' | 'prefix'>,
): entry is JsonObject {
  if (!isObject(entry) || entry['fragment_id'] !== id) return false;
  return entry['prefix'] === undefined || entry['prefix'] === prefix;
}

function setOperators(
  config: JsonObject,
  use: Pick<FragmentUse, 'id' | 'prefix'>,
): readonly SetOperator[] {
  return items(config['fragment_mods']).flatMap((entry, index) => {
    if (!isAbout(entry, use)) return [];
    return items(entry['mods']).flatMap((mod, inner) => {
      const set = isObject(mod) ? mod['$set'] : undefined;
      return isObject(set) ? [{ set, path: ['fragment_mods', index, 'mods', inner, '$set'] }] : [];
    });
  });
}

function pick({ url, version }: JsonObject): { url?: JsonValue; version?: JsonValue } {
  return { ...(url === undefined ? {} : { url }), ...(version === undefined ? {} : { version }) };
}

function items(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}
