import { MachineConfigError } from './codes.ts';
import { type JsonValue, parseMachineConfig } from './document.ts';
import { variableName } from './fragment-services.ts';
import { type Fragments, overridePath } from './fragment-use.ts';
import { OTA_MODEL } from './ota-entries.ts';
import {
  chooseOtaService,
  type ConfigKind,
  findOtaServices,
  type OtaService,
} from './ota-service.ts';
import { setValue, type ValuePath } from './text-edit.ts';

/** The two values that make a device update. A value that is left out stays as it is. */
export interface OtaSettings {
  readonly url?: string;
  /** The version tag: the device updates whenever it differs from the one it stored. */
  readonly version?: string;
}

/** Which service an edit is about, and what is known beside the text. */
export interface EditOptions {
  /** Chooses among several services; names the new one where there is none. */
  readonly service?: string;
  readonly fragments?: Fragments;
  /** Whose config it is; that of a machine unless said otherwise. */
  readonly kind?: ConfigKind;
}

/** What an edit did. */
export interface OtaEdit {
  readonly text: string;
  /** The service as it was, or `null` where it was added. */
  readonly before: OtaService | null;
  readonly after: OtaService;
}

const DEFAULT_NAME = 'OTA';

/**
 * Sets URL and version tag of the OTA service in the text of a machine config (or of a fragment).
 * Only the characters of these values change; a missing service is added to the end of `services`.
 * A service that comes from a fragment is changed through the fragment's variables where it has some
 * for the value, and through `fragment_mods` otherwise, so that only this machine (or those that use
 * this fragment) changes.
 *
 * @throws MachineConfigError of every code that reading, choosing and editing has
 */
export function setOtaService(
  text: string,
  settings: OtaSettings,
  { service: name, fragments = new Map(), kind = 'machine' }: EditOptions = {},
): OtaEdit {
  const { value: config } = parseMachineConfig(text);
  const before = chooseOtaService(findOtaServices(config, fragments), name);
  const edited =
    before === null
      ? addService(text, name ?? DEFAULT_NAME, settings)
      : (['url', 'version'] as const).reduce(
          (result, key) => setAttribute(result, before, key, settings[key], kind),
          text,
        );
  const after = chooseOtaService(
    findOtaServices(parseMachineConfig(edited).value, fragments),
    before?.name ?? name,
  );
  if (after === null) throw new TypeError('the service that was just set is not there');
  return { text: edited, before, after };
}

function addService(text: string, name: string, { url, version }: OtaSettings): string {
  const { value: config } = parseMachineConfig(text);
  const services = config['services'];
  const attributes = {
    ...(url === undefined ? {} : { url }),
    ...(version === undefined ? {} : { version }),
  };
  const entry = { name, api: 'rdk:service:generic', model: OTA_MODEL, attributes };
  return setValue(text, ['services', Array.isArray(services) ? services.length : 0], entry);
}

function setAttribute(
  text: string,
  service: OtaService,
  key: 'url' | 'version',
  wanted: string | undefined,
  kind: ConfigKind,
): string {
  if (wanted === undefined) return text;
  const { name, source } = service;
  const { value: config } = parseMachineConfig(text);
  refuseVariable(variableName(service[key]), name, key);
  if (source.kind === 'own') {
    return setValue(text, ['services', source.index, 'attributes', key], wanted);
  }
  const { use, variables } = source;
  const variable = variables[key];
  if (variable !== undefined) {
    // Set in a fragment, it would go over what machines set it to.
    if (kind === 'fragment' && !Object.hasOwn(use.variables, variable)) {
      refuseVariable(variable, name, key);
    }
    const path = ['fragments', use.index] as const;
    const plain = typeof valueAt(config, path) === 'string';
    return plain
      ? setValue(text, path, { id: use.id, variables: { [variable]: wanted } })
      : setValue(text, [...path, 'variables', variable], wanted);
  }
  const path = overridePath(config, use, name, key);
  if (use.prefix !== null && valueAt(config, path) === undefined) refusePrefix(name, use.id);
  return setValue(text, path, path.length === 2 ? newMod(use.id, name, key, wanted) : wanted);
}

function newMod(id: string, name: string, key: string, wanted: string): JsonValue {
  return { fragment_id: id, mods: [{ $set: { [`services.${name}.attributes.${key}`]: wanted } }] };
}

/** How an override names what has a prefix is not documented, so none is made up. */
function refusePrefix(name: string, id: string): never {
  throw new MachineConfigError(
    'machine-config/prefixed',
    `service "${name}" comes from fragment ${id}, which is used with a prefix`,
    {
      hint: 'Override url and version once in the Viam app, which otakit then changes; or let the fragment have variables for them; or name the fragment with --fragment.',
      details: { service: name, fragment: id },
    },
  );
}

function refuseVariable(variable: string | null, name: string, key: string): void {
  if (variable === null) return;
  throw new MachineConfigError(
    'machine-config/variable',
    `the ${key} of service "${name}" is the variable "${variable}", which each machine sets`,
    {
      hint: 'Name the machines with --part instead of the fragment, or put a plain value there.',
      details: { service: name, key, variable },
    },
  );
}

function valueAt(value: JsonValue, path: ValuePath): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Readonly<Record<string, JsonValue>>)[key]
        : undefined,
    value,
  );
}
