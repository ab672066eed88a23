import { type ChipName, parseChipName } from '../chips/index.ts';

/** Under which type an otakit server is announced. */
export const OTAKIT_TYPE = '_otakit._tcp';

/** What kind of software announced a device, as far as its service types tell. */
export type Firmware =
  | 'esphome'
  | 'arduino-ota'
  | 'tasmota'
  | 'wled'
  | 'shelly'
  | 'mongoose-os'
  | 'viam'
  | 'esp-local-control'
  | 'esp-provisioning'
  | 'esp-rainmaker'
  | 'unknown';

/** One announced service, as little as is needed to tell what announced it. */
export interface AnnouncedService {
  readonly type: string;
  /** The instance name, such as `Kitchen lamp`. */
  readonly name: string;
  /** The host without `.local`, or `null` where no SRV record came. */
  readonly host: string | null;
  readonly text: ReadonlyMap<string, string>;
}

type Recognise = (service: AnnouncedService) => Firmware | null;

/** ESPHome also runs on other vendors' chips and says so in `platform`; those are not ours to list. */
const esphome: Recognise = ({ text }) => {
  const platform = text.get('platform');
  return platform === undefined || /^esp/i.test(platform) ? 'esphome' : null;
};

/** Names that ESP firmwares give themselves before anybody renames them. */
const ESP_NAME = /^(esp([-_].*)?|esp(32|8266|ressif).*|nodemcu.*|wemos.*)$/i;

/** `_http._tcp` is announced by printers too: only what marks itself as an ESP firmware counts. */
const http: Recognise = ({ text, name, host }) => {
  if (text.get('devicetype') === 'tasmota') return 'tasmota';
  if (/^esp(32|8266)/i.test(text.get('arch') ?? '')) return 'mongoose-os';
  const own = host ?? name;
  if (/^tasmota/i.test(own)) return 'tasmota';
  if (/^shelly/i.test(own)) return 'shelly';
  if (/^wled/i.test(own)) return 'wled';
  return ESP_NAME.test(own) ? 'unknown' : null;
};

/**
 * The service types that ESP firmwares announce, from their sources: ESPHome's native API; ArduinoOTA
 * (`MDNS.enableArduino`); WLED; Shelly from generation 2; Viam machines (micro-RDK announces
 * `_rpc._tcp`, as viam-server on a computer does); ESP-IDF's `esp_local_ctrl` and Wi-Fi provisioning;
 * RainMaker's on-network claiming; and plain web servers, which is all that Tasmota has.
 */
const RECOGNISE: Readonly<Record<string, Recognise>> = {
  '_esphomelib._tcp': esphome,
  '_arduino._tcp': () => 'arduino-ota',
  '_wled._tcp': () => 'wled',
  '_shelly._tcp': () => 'shelly',
  '_rpc._tcp': () => 'viam',
  '_esp_local_ctrl._tcp': () => 'esp-local-control',
  '_esp_wifi_prov._tcp': () => 'esp-provisioning',
  '_esp_rmaker_chal_resp._tcp': () => 'esp-rainmaker',
  '_http._tcp': http,
};

/** Every service type that is asked for; what tells most about a device comes first. */
export const BROWSED_TYPES: readonly string[] = [OTAKIT_TYPE, ...Object.keys(RECOGNISE)];

/** The firmware behind a service, or `null` where it is no ESP device as far as can be told. */
export function recogniseFirmware(service: AnnouncedService): Firmware | null {
  return RECOGNISE[service.type]?.(service) ?? null;
}

/** The chip that a device names in its TXT record (ESPHome `platform`, Mongoose OS `arch`). */
export function chipFromText(text: ReadonlyMap<string, string>): ChipName | null {
  return parseChipName(text.get('platform') ?? text.get('arch') ?? '');
}

/** The firmware version that a device names in its TXT record. */
export function versionFromText(text: ReadonlyMap<string, string>): string | null {
  return text.get('project_version') ?? text.get('version') ?? text.get('ver') ?? null;
}
