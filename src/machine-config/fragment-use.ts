import { isObject, type JsonObject, type JsonValue } from './document.ts';
import type { ValuePath } from './text-edit.ts';

/** The content of fragments by id, as far as it is known. */
export type Fragments = ReadonlyMap<string, JsonObject>;

/** One entry of `fragments` in a machine config. */
export interface FragmentUse {
  readonly id: string;
  readonly index: number;
  /** An older config names the fragment by a plain string instead of an object. */
  readonly plain: boolean;
  /** What the machine sets the fragment's variables to. */
  readonly variables: JsonObject;
}

/** The fragments that a machine config is built on, in order. */
export function fragmentUses(config: JsonObject): readonly FragmentUse[] {
  return items(config['fragments']).flatMap((entry, index): readonly FragmentUse[] => {
    if (typeof entry === 'string') return [{ id: entry, index, plain: true, variables: {} }];
    if (!isObject(entry) || typeof entry['id'] !== 'string') return [];
    const { id, variables } = entry;
    return [{ id, index, plain: false, variables: isObject(variables) ? variables : {} }];
  });
}

/** The fragments that a config is built on, also through others, whose content is not known. */
export function unreadFragments(config: JsonObject, fragments: Fragments): readonly string[] {
  const unread = new Set<string>();
  const seen = new Set<string>();
  const look = (from: JsonObject) => {
    for (const { id } of fragmentUses(from)) {
      const content = fragments.get(id);
      if (content === undefined) unread.add(id);
      else if (!seen.has(id)) {
        seen.add(id);
        look(content);
      }
    }
  };
  look(config);
  return [...unread];
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
export function overrides(config: JsonObject, fragmentId: string, name = ''): ServiceOverrides {
  const found: { url?: JsonValue; version?: JsonValue } = {};
  const names = new Set<string>();
  for (const { set } of setOperators(config, fragmentId)) {
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
  fragmentId: string,
  name: string,
  attribute: 'url' | 'version',
): ValuePath {
  const all = `services.${name}.attributes`;
  const key = `${all}.${attribute}`;
  const operators = setOperators(config, fragmentId);
  for (const { set, path } of operators.toReversed()) {
    if (set[key] !== undefined) return [...path, key];
    const whole = set[all];
    if (isObject(whole) && whole[attribute] !== undefined) return [...path, all, attribute];
  }
  const last = operators.at(-1);
  if (last !== undefined) return [...last.path, key];
  const mods = items(config['fragment_mods']);
  const entry = mods.findIndex((mod) => isObject(mod) && mod['fragment_id'] === fragmentId);
  if (entry === -1) return ['fragment_mods', mods.length];
  const there = mods[entry];
  const count = isObject(there) ? items(there['mods']).length : 0;
  return ['fragment_mods', entry, 'mods', count, '$set', key];
}

interface SetOperator {
  readonly set: JsonObject;
  readonly path: ValuePath;
}

function setOperators(config: JsonObject, fragmentId: string): readonly SetOperator[] {
  return items(config['fragment_mods']).flatMap((entry, index) => {
    if (!isObject(entry) || entry['fragment_id'] !== fragmentId) return [];
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
