import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ConfigSource, MachineConfig, ServiceEntry } from './machine-config.ts';

/**
 * A machine config in a JSON file, read anew with every poll. Its revision is a hash of its text, so
 * that saving it changed makes the device reboot once, as saving it in the cloud does.
 */
export function configFile(path: string): ConfigSource {
  return {
    fetch: async (signal) => parseMachineConfig(await readFile(path, { encoding: 'utf8', signal })),
  };
}

/**
 * The part of a machine config (the JSON of the cloud's editor) that the device looks at.
 *
 * @throws Error where the text is not a JSON object
 */
export function parseMachineConfig(text: string): MachineConfig {
  const config: unknown = JSON.parse(text);
  if (!isObject(config)) throw new Error('the machine config is not a JSON object');
  const services = Array.isArray(config['services']) ? (config['services'] as unknown[]) : [];
  return {
    services: services.filter(isObject).map(serviceEntry),
    revision: createHash('sha256').update(text).digest('hex'),
  };
}

function serviceEntry(entry: Readonly<Record<string, unknown>>): ServiceEntry {
  const { name, model, attributes } = entry;
  return {
    name: typeof name === 'string' ? name : '',
    model: typeof model === 'string' ? model : '',
    attributes: isObject(attributes) ? attributes : null,
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
