import { MachineConfigError } from './codes.ts';
import { isObject, type JsonObject, type JsonValue } from './document.ts';
import { servicesOfUse } from './fragment-services.ts';
import {
  describeFragment,
  fragmentKey,
  fragmentUses,
  type FragmentUse,
  type Fragments,
  overrides,
} from './fragment-use.ts';
import { nameOf, otaEntries } from './ota-entries.ts';

/** Where an OTA service of the merged config comes from. */
export type ServiceSource =
  | { readonly kind: 'own'; readonly index: number }
  | {
      readonly kind: 'fragment';
      /** The machine's own use; the service may be in a fragment inside that one. */
      readonly use: FragmentUse;
      /** The variables for the two values that the machine may set, where the fragment has some. */
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

/** Whose config it is: that of a machine, or a fragment that machines are built on. */
export type ConfigKind = 'machine' | 'fragment';

/**
 * All OTA services of a config in the order in which a device meets them: those of a machine before
 * those of its fragments, and those of a fragment after those of the fragments inside it.
 *
 * @param fragments the content of the fragments that it uses, as far as it is known
 */
export function findOtaServices(
  config: JsonObject,
  fragments: Fragments = new Map(),
  kind: ConfigKind = 'machine',
): readonly OtaService[] {
  const own = ownServices(config);
  const brought = fragmentUses(config).flatMap((use) => fromFragment(config, use, fragments));
  return kind === 'machine' ? [...own, ...brought] : [...brought, ...own];
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
  return source.kind === 'own' ? name : `${name} of ${describeFragment(source.use)}`;
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
  fragments: Fragments,
): readonly OtaService[] {
  if (!fragments.has(fragmentKey(use))) return fromOverridesAlone(config, use);
  return servicesOfUse(use, config, fragments).map(({ variables, ...service }) => ({
    ...service,
    source: { kind: 'fragment', use, variables },
  }));
}

/** Without the fragment's content, an override of both values is how an OTA service shows. */
function fromOverridesAlone(config: JsonObject, use: FragmentUse): readonly OtaService[] {
  return overrides(config, use).names.flatMap((name) => {
    const { url, version } = overrides(config, use, name);
    if (version === undefined || (url === undefined && !/ota/i.test(name))) return [];
    const source = { kind: 'fragment', use, variables: {} } as const;
    return [{ name, model: null, source, url, version }];
  });
}
