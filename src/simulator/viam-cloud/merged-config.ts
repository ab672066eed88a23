import type { JsonObject, JsonValue } from '../../machine-config/index.ts';

/*
 * What the cloud makes of a part's config before a device sees it. This is the stand-in's own view
 * of it, written without `machine-config/`, so that the two can disagree in tests.
 */

type Json = JsonValue | undefined;

/** The app refuses to nest fragments any deeper. */
const MOST_LEVELS = 5;
/** What a prefix goes before the names of. */
const NAMED = ['components', 'services', 'jobs', 'remotes', 'triggers'];

/** A fragment at a version (a revision or a tag), or as it is now. */
type FragmentById = (id: string, version?: string) => JsonObject | undefined;

/** A config with its fragments merged in: the part's own resources first, then each fragment's. */
export function mergeFragments(config: JsonObject, fragment: FragmentById): JsonObject {
  const { fragments, fragment_mods: mods, ...own } = config;
  return concatenated([own, ...expandAll(fragments, mods, { fragment, variables: {}, path: [] })]);
}

/** Every use of a fragment in a config, through others too; the version is empty for the newest. */
export function usedFragments(
  config: JsonObject,
  fragment: FragmentById,
  level = 1,
): readonly { readonly id: string; readonly version: string }[] {
  if (level > MOST_LEVELS) return [];
  return list(config['fragments']).flatMap((entry) => {
    const { id, version: given } = typeof entry === 'string' ? { id: entry } : object(entry);
    if (typeof id !== 'string' || object(entry)['disabled'] === true) return [];
    const version = versionOf(given) ?? '';
    return [{ id, version }, ...usedFragments(fragment(id, version) ?? {}, fragment, level + 1)];
  });
}

interface Around {
  readonly fragment: FragmentById;
  /** What whoever uses the fragments has set. */
  readonly variables: JsonObject;
  readonly path: readonly string[];
}

/** The contents of the fragments that something uses, each with the changes that it makes to it. */
function expandAll(uses: Json, mods: Json, around: Around): readonly JsonObject[] {
  return list(uses).flatMap((entry) => {
    const use = typeof entry === 'string' ? { id: entry } : object(entry);
    const { id, prefix } = use;
    if (typeof id !== 'string' || use['disabled'] === true) return [];
    const content = expand(id, use['version'], object(use['variables']), around);
    if (content === null) return [];
    const named = typeof prefix === 'string' && prefix !== '' ? prefixed(content, prefix) : content;
    const concerned = list(mods).filter((mod) => {
      const { fragment_id: of, prefix: only = prefix } = object(mod);
      return of === id && only === prefix;
    });
    return [applyMods(named, concerned)];
  });
}

/** A fragment with the ones inside it, which come first. */
function expand(id: string, version: Json, set: JsonObject, around: Around) {
  const { fragment, variables, path } = around;
  const content = fragment(id, versionOf(version));
  if (content === undefined || path.includes(id) || path.length >= MOST_LEVELS) return null;
  const all = { ...variables, ...set };
  const { fragments, fragment_mods: mods, ...own } = object(fillVariables(content, all));
  const inner = expandAll(fragments, mods, { fragment, variables: all, path: [...path, id] });
  return concatenated([...inner, own]);
}

/** A revision is a number, which may be written as one. */
function versionOf(version: Json): string | undefined {
  if (typeof version === 'number') return String(version);
  return typeof version === 'string' ? version : undefined;
}

function prefixed(content: JsonObject, prefix: string): JsonObject {
  const named = NAMED.filter((key) => Array.isArray(content[key])).map((key) => [
    key,
    list(content[key]).map((entry) => {
      const { name } = object(entry);
      return typeof name === 'string' ? { ...object(entry), name: `${prefix}-${name}` } : entry;
    }),
  ]);
  return { ...content, ...(Object.fromEntries(named) as JsonObject) };
}

/** Lists one after the other; of anything else the first one counts. */
function concatenated(contents: readonly JsonObject[]): JsonObject {
  const merged: Record<string, JsonValue> = {};
  for (const [key, value] of contents.flatMap((content) => Object.entries(content))) {
    if (Array.isArray(value)) merged[key] = [...list(merged[key]), ...value];
    else merged[key] ??= value;
  }
  return merged;
}

/** `rdk:builtin:x` for the short `x`. */
export function expandModel(model: Json): string {
  if (typeof model !== 'string') return '';
  return model.includes(':') ? model : `rdk:builtin:${model}`;
}

function fillVariables(value: JsonValue, variables: JsonObject): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => fillVariables(item, variables));
  if (typeof value !== 'object' || value === null) return value;
  const { $variable: variable } = value as JsonObject;
  if (variable !== undefined) {
    const { name, default_value: fallback } = object(variable);
    return (
      (typeof name === 'string' && Object.hasOwn(variables, name) ? variables[name] : fallback) ??
      null
    );
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, fillVariables(member, variables)]),
  );
}

/** `$set` and `$unset`; a key is `services.NAME.attributes.version`. */
function applyMods(content: JsonObject, entries: readonly JsonValue[]): JsonObject {
  const copy = structuredClone(content) as Record<string, JsonValue>;
  for (const mod of entries.flatMap((entry) => list(object(entry)['mods']))) {
    for (const [path, value] of Object.entries(object(object(mod)['$set']))) {
      put(copy, path.split('.'), value);
    }
    for (const path of Object.keys(object(object(mod)['$unset']))) put(copy, path.split('.'), null);
  }
  return copy;
}

/** Puts a value where a path leads; resources are found by name. `null` takes the value away. */
function put(content: Record<string, JsonValue>, path: readonly string[], value: JsonValue): void {
  const [kind = '', name = '', ...rest] = path;
  const last = rest.at(-1);
  let inner: Json = list(content[kind]).find((entry) => object(entry)['name'] === name);
  if (inner === undefined || last === undefined || path.includes('__proto__')) return;
  for (const key of rest.slice(0, -1)) {
    const parent = inner as Record<string, JsonValue>;
    if (!Object.hasOwn(parent, key) || typeof parent[key] !== 'object' || parent[key] === null) {
      parent[key] = {};
    }
    inner = parent[key];
  }
  const target = inner as Record<string, JsonValue>;
  if (value === null) delete target[last];
  else target[last] = value;
}

function list(value: Json): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function object(value: Json): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : {};
}
