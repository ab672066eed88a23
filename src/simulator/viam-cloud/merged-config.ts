import type { JsonObject, JsonValue } from '../../machine-config/index.ts';

/*
 * What the cloud makes of a part's config before a device sees it. This is the stand-in's own view
 * of it, written without `machine-config/`, so that the two can disagree in tests.
 */

type Json = JsonValue | undefined;

/** A config with its fragments merged in: the part's own resources first, then each fragment's. */
export function mergeFragments(
  config: JsonObject,
  fragment: (id: string) => JsonObject | undefined,
): JsonObject {
  const { fragments, fragment_mods: mods, ...own } = config;
  const merged: Record<string, JsonValue> = { ...own };
  for (const use of list(fragments)) {
    const id = typeof use === 'string' ? use : object(use)['id'];
    const content = typeof id === 'string' ? fragment(id) : undefined;
    if (content === undefined) continue;
    const filled = object(fillVariables(content, object(object(use)['variables'])));
    const changed = applyMods(
      filled,
      list(mods).filter((mod) => object(mod)['fragment_id'] === id),
    );
    for (const [key, value] of Object.entries(changed)) {
      if (Array.isArray(value)) merged[key] = [...list(merged[key]), ...value];
      else merged[key] ??= value;
    }
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
