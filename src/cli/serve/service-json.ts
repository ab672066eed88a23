import { OTA_MODEL } from '../../machine-config/index.ts';

/** The entry for `services` in a machine config that makes a device take the image. */
export function otaService(url: string, version: string) {
  return {
    name: 'OTA',
    api: 'rdk:service:generic',
    model: OTA_MODEL,
    attributes: { url, version },
  };
}
