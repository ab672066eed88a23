import { MachineConfigError } from './codes.ts';
import { isObject, type JsonObject, type JsonValue } from './document.ts';
import { fragmentUses, type FragmentUse, type Fragments, overrides } from './fragment-use.ts';

/** What the device looks for: a service whose model is exactly this. */
export const OTA_MODEL = 'rdk:builtin:ota_service';

/** The older spelling, which the Viam app expands before a device sees it. */
export const OTA_MODEL_SHORT = 'ota_service';

/** Where an OTA service of the merged config comes from. */
export type ServiceSource =
  | { readonly kind: 'own'; readonly index: number }
  | {
      readonly kind: 'fragment';
      readonly use: FragmentUse;
      /** The variables of the fragment that stand for the two values, where it uses some. */
      readonly variables: Readonly<Partial<Record<'url' | 'version', string>>>;
    };

/** An OTA service as the device would see it. */
export interface OtaService {
  readonly name: string;
  /** As spelled; `null` where only a `fragment_mods` entry tells of the service. */
  readonly model: string | null;
  readonly source: ServiceSource;
  /** As found, after overrides and variables; `undefined` where missing. A device takes strings only. */
  readonly url: JsonValue | undefined;
  readonly version: JsonValue | undefined;
}

/**
 * All OTA services of a machine config: its own first, then those of its fragments, in the order in
 * which the device meets them.
 *
 * @param fragments the content of the fragments by id, as far as it is known
 */
export function findOtaServices(
  config: JsonObject,
  fragments: Fragments = new Map(),
): readonly OtaService[] {
  return [
    ...ownServices(config),
    ...fragmentUses(config).flatMap((use) => fromFragment(config, use, fragments.get(use.id))),
  ];
}

/**
 * The one OTA service that an edit is about, or `null` where there is none.
 *
 * @param name chooses among several
 * @throws MachineConfigError `machine-config/several-services`, `machine-config/no-such-service`
 */
export function chooseOtaService(
  services: readonly OtaService[],
  name?: string,
): OtaService | null {
  const names = services.map((service) => service.name);
  const matching = name === undefined ? services : services.filter((one) => one.name === name);
  const [service, second] = matching;
  if (second !== undefined) {
    throw new MachineConfigError(
      'machine-config/several-services',
      `there are ${matching.length} OTA services (${matching.map(describeService).join(', ')}), and the device uses the first only`,
      { hint: 'Remove all but one, or choose with --service NAME.', details: { names } },
    );
  }
  if (service === undefined && name !== undefined && services.length > 0) {
    throw new MachineConfigError(
      'machine-config/no-such-service',
      `there is no OTA service "${name}"`,
      { hint: `The config has: ${names.join(', ')}.`, details: { names } },
    );
  }
  return service ?? null;
}

/** A service for people: `OTA` or `OTA of fragment 1234`. */
export function describeService({ name, source }: OtaService): string {
  return source.kind === 'own' ? name : `${name} of fragment ${source.use.id}`;
}

function ownServices(config: JsonObject): readonly OtaService[] {
  return otaEntries(config).map(({ index, entry, model }) => {
    const { url, version } = isObject(entry['attributes']) ? entry['attributes'] : {};
    const source = { kind: 'own', index } as const;
    return { name: nameOf(entry, index), model, source, url, version };
  });
}

function fromFragment(
  config: JsonObject,
  use: FragmentUse,
  fragment: JsonObject | undefined,
): readonly OtaService[] {
  if (fragment === undefined) return fromOverridesAlone(config, use);
  return otaEntries(fragment).map(({ index, entry, model }) => {
    const name = nameOf(entry, index);
    const { url, version } = isObject(entry['attributes']) ? entry['attributes'] : {};
    const changed = overrides(config, use.id, name);
    const variables = {
      ...variable('url', changed.url === undefined ? url : undefined),
      ...variable('version', changed.version === undefined ? version : undefined),
    };
    return {
      name,
      model,
      source: { kind: 'fragment', use, variables },
      url: changed.url ?? resolved(url, use),
      version: changed.version ?? resolved(version, use),
    };
  });
}

/** Without the fragment's content, an override of both values is how an OTA service shows. */
function fromOverridesAlone(config: JsonObject, use: FragmentUse): readonly OtaService[] {
  return overrides(config, use.id).names.flatMap((name) => {
    const { url, version } = overrides(config, use.id, name);
    if (version === undefined || (url === undefined && !/ota/i.test(name))) return [];
    const source = { kind: 'fragment', use, variables: {} } as const;
    return [{ name, model: null, source, url, version }];
  });
}

interface OtaEntry {
  readonly index: number;
  readonly entry: JsonObject;
  readonly model: string;
}

function otaEntries(config: JsonObject): readonly OtaEntry[] {
  const services = config['services'];
  if (services === undefined || services === null) return [];
  if (!Array.isArray(services)) {
    throw new MachineConfigError('machine-config/shape', 'services is not a list', {
      hint: 'Mend it in the Viam app: services is a list of objects.',
      details: { path: 'services', expected: 'a list' },
    });
  }
  return services.flatMap((entry: JsonValue, index) => {
    if (!isObject(entry)) return [];
    const { model } = entry;
    return model === OTA_MODEL || model === OTA_MODEL_SHORT ? [{ index, entry, model }] : [];
  });
}

function nameOf(entry: JsonObject, index: number): string {
  return typeof entry['name'] === 'string' ? entry['name'] : `services[${index}]`;
}

/** `{"$variable": {"name": "ota_version"}}` is how a fragment leaves a value to the machine. */
export function variableName(value: JsonValue | undefined): string | null {
  if (!isObject(value) || !isObject(value['$variable'])) return null;
  const { name } = value['$variable'];
  return typeof name === 'string' ? name : null;
}

function variable(key: 'url' | 'version', value: JsonValue | undefined) {
  const name = variableName(value);
  return name === null ? {} : { [key]: name };
}

function resolved(value: JsonValue | undefined, use: FragmentUse): JsonValue | undefined {
  const name = variableName(value);
  if (name === null || !isObject(value)) return value;
  const fallback = isObject(value['$variable']) ? value['$variable']['default_value'] : undefined;
  return Object.hasOwn(use.variables, name) ? use.variables[name] : fallback;
}
