import { createHash } from 'node:crypto';
import { fileTarget, type JsonValue, parseMachineConfig } from '../../machine-config/index.ts';
import type { ConfigSource, MachineConfig, ServiceEntry } from './machine-config.ts';

/**
 * A machine config in a JSON file, read anew with every poll. Its revision is a hash of its text, so
 * that saving it changed makes the device reboot once, as saving it in the cloud does.
 */
export function configFile(path: string): ConfigSource {
  const file = fileTarget(path);
  return {
    fetch: async () => readMachineConfig((await file.read()).text),
  };
}

/**
 * The part of a machine config (the JSON of the cloud's editor) that the device looks at. Fragments
 * are not merged: only the cloud knows them.
 *
 * @throws MachineConfigError
 */
export function readMachineConfig(text: string): MachineConfig {
  const { services } = parseMachineConfig(text).value;
  return {
    services: Array.isArray(services) ? services.filter(isObject).map(serviceEntry) : [],
    revision: createHash('sha256').update(text).digest('hex'),
  };
}

function serviceEntry(entry: Readonly<Record<string, JsonValue>>): ServiceEntry {
  const { name = '', model = '', attributes = null } = entry;
  return {
    name: typeof name === 'string' ? name : '',
    model: typeof model === 'string' ? model : '',
    attributes: isObject(attributes) ? attributes : null,
  };
}

function isObject(value: JsonValue): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
