import { isObject, type JsonObject, type JsonValue } from './document.ts';
import {
  fragmentKey,
  fragmentUses,
  type Fragments,
  type FragmentUse,
  MOST_FRAGMENT_LEVELS,
  overrides,
} from './fragment-use.ts';
import { nameOf, otaEntries } from './ota-entries.ts';

/** An OTA service that a fragment brings, as the machine gets it. */
export interface FragmentService {
  readonly name: string;
  readonly model: string;
  readonly url: JsonValue | undefined;
  readonly version: JsonValue | undefined;
  /** The variables for the two values that the machine itself may set. */
  readonly variables: Readonly<Partial<Record<'url' | 'version', string>>>;
}

/** What variables are set to by one use of a fragment; what it does not set comes from further out. */
interface Scope {
  readonly variables: JsonObject;
  readonly outer: Scope | null;
}

/**
 * The OTA services that a machine gets by using a fragment: those of the fragments inside it first, as
 * the app merges them, then its own.
 *
 * @param use one of the machine's own uses of fragments
 */
export function servicesOfUse(
  use: FragmentUse,
  config: JsonObject,
  fragments: Fragments,
): readonly FragmentService[] {
  return servicesWithin(use, { config, scope: null, path: [] }, fragments);
}

/** What uses a fragment: the machine's config, or another fragment. */
interface User {
  readonly config: JsonObject;
  readonly scope: Scope | null;
  /** The fragments that lead there. */
  readonly path: readonly string[];
}

function servicesWithin(
  use: FragmentUse,
  user: User,
  fragments: Fragments,
): readonly FragmentService[] {
  const content = fragments.get(fragmentKey(use));
  const isTooDeep = user.path.length >= MOST_FRAGMENT_LEVELS || user.path.includes(use.id);
  if (content === undefined || isTooDeep) return [];
  const scope: Scope = { variables: use.variables, outer: user.scope };
  const inner: User = { config: content, scope, path: [...user.path, use.id] };
  const services = [
    ...fragmentUses(content).flatMap((one) => servicesWithin(one, inner, fragments)),
    ...otaEntries(content).map(({ index, entry, model }): FragmentService => {
      const { url, version } = isObject(entry['attributes']) ? entry['attributes'] : {};
      const [urlNow, versionNow] = [resolve(url, scope), resolve(version, scope)];
      const variables = {
        ...(urlNow.variable === null ? {} : { url: urlNow.variable }),
        ...(versionNow.variable === null ? {} : { version: versionNow.variable }),
      };
      const name = resolve(entry['name'], scope).value;
      return {
        name: nameOf({ name: name ?? null }, index),
        model,
        url: urlNow.value,
        version: versionNow.value,
        variables,
      };
    }),
  ];
  return services.map((service) => asUsed(service, use, user));
}

/** With the prefix that the use gives to names, and what `fragment_mods` beside it sets. */
function asUsed(service: FragmentService, use: FragmentUse, { config }: User): FragmentService {
  const name = use.prefix === null ? service.name : `${use.prefix}-${service.name}`;
  const { url, version } = overrides(config, use, name);
  const { url: urlVariable, version: versionVariable } = service.variables;
  const variables = {
    ...(url === undefined && urlVariable !== undefined ? { url: urlVariable } : {}),
    ...(version === undefined && versionVariable !== undefined ? { version: versionVariable } : {}),
  };
  return {
    ...service,
    name,
    url: url ?? service.url,
    version: version ?? service.version,
    variables,
  };
}

interface Resolved {
  readonly value: JsonValue | undefined;
  /** The variable that the machine sets it by, where there is one. */
  readonly variable: string | null;
}

/** A value, with the variable replaced that it may be. */
function resolve(value: JsonValue | undefined, scope: Scope | null): Resolved {
  const name = variableName(value);
  if (name === null) return { value, variable: null };
  for (let at = scope; at !== null; at = at.outer) {
    if (!Object.hasOwn(at.variables, name)) continue;
    const set = at.variables[name];
    // A fragment may hand on a variable of its own.
    return at.outer === null ? { value: set, variable: name } : resolve(set, at.outer);
  }
  const { $variable: variable } = value as JsonObject;
  return { value: isObject(variable) ? variable['default_value'] : undefined, variable: name };
}

/** `{"$variable": {"name": "ota_version"}}` is how a fragment leaves a value to the machine. */
export function variableName(value: JsonValue | undefined): string | null {
  if (!isObject(value) || !isObject(value['$variable'])) return null;
  const { name } = value['$variable'];
  return typeof name === 'string' ? name : null;
}
