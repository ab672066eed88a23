import { MachineConfigError } from './codes.ts';
import { isObject, type JsonObject, type JsonValue } from './document.ts';

/** What the device looks for: a service whose model is exactly this. */
export const OTA_MODEL = 'rdk:builtin:ota_service';

/** The older spelling, which the Viam app expands before a device sees it. */
export const OTA_MODEL_SHORT = 'ota_service';

/** An entry of `services` that is an OTA service. */
export interface OtaEntry {
  readonly index: number;
  readonly entry: JsonObject;
  readonly model: string;
}

/**
 * The OTA services that a config or a fragment has itself.
 *
 * @throws MachineConfigError `machine-config/shape`
 */
export function otaEntries(config: JsonObject): readonly OtaEntry[] {
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

/** The name of an entry, or its place where it has none. */
export function nameOf(entry: JsonObject, index: number): string {
  return typeof entry['name'] === 'string' ? entry['name'] : `services[${index}]`;
}
