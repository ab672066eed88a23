import { ServiceConfigFailure } from './failure.ts';
import type { ServiceEntry } from './machine-config.ts';

/** The longest version tag in bytes of UTF-8. */
const MAX_TAG_BYTES = 128;

/** What an OTA service entry asks for. */
export interface ServiceSettings {
  readonly url: string;
  /** The version tag. */
  readonly version: string;
}

/**
 * Reads a service entry as the device does: `url` first, both strings and nothing else.
 *
 * @throws ServiceConfigFailure
 */
export function readServiceSettings({ attributes }: ServiceEntry): ServiceSettings {
  if (attributes === null) throw new ServiceConfigFailure('OTA service config has no attributes');
  const url = stringAttribute(attributes, 'url');
  const version = stringAttribute(attributes, 'version');
  const tagBytes = Buffer.byteLength(version);
  if (tagBytes > MAX_TAG_BYTES) {
    throw new ServiceConfigFailure(
      `version ${version} has length ${tagBytes}, maximum allowed characters is ${MAX_TAG_BYTES}`,
    );
  }
  return { url, version };
}

function stringAttribute(attributes: Readonly<Record<string, unknown>>, name: string): string {
  if (!Object.hasOwn(attributes, name)) {
    throw new ServiceConfigFailure(`required config attribute \`${name}\` not found`);
  }
  const value = attributes[name];
  if (typeof value !== 'string') {
    // The device says "url" for both.
    throw new ServiceConfigFailure(`invalid url value: ${JSON.stringify(value)}`);
  }
  return value;
}
