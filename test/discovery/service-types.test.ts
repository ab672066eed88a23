import { describe, expect, it } from 'vitest';
import {
  chipFromText,
  recogniseFirmware,
  versionFromText,
} from '../../src/discovery/service-types.ts';

const service = (type: string, host: string, text: Record<string, string> = {}) => ({
  type,
  name: host,
  host,
  text: new Map(Object.entries(text)),
});

describe('the firmware behind a service', () => {
  it.each([
    ['esphome', service('_esphomelib._tcp', 'kitchen', { platform: 'ESP32' })],
    ['esphome', service('_esphomelib._tcp', 'kitchen')],
    [null, service('_esphomelib._tcp', 'kitchen', { platform: 'RP2040' })],
    ['arduino-ota', service('_arduino._tcp', 'lamp', { auth_upload: 'no' })],
    ['wled', service('_wled._tcp', 'lamp')],
    ['shelly', service('_shelly._tcp', 'shellyplus1-aabbcc', { gen: '2' })],
    ['viam', service('_rpc._tcp', 'rover-main')],
    ['esp-local-control', service('_esp_local_ctrl._tcp', 'x')],
    ['esp-provisioning', service('_esp_wifi_prov._tcp', 'x')],
    ['esp-rainmaker', service('_esp_rmaker_chal_resp._tcp', 'x')],
    ['tasmota', service('_http._tcp', 'plug', { devicetype: 'tasmota' })],
    ['tasmota', service('_http._tcp', 'tasmota-AABBCC-1234')],
    ['mongoose-os', service('_http._tcp', 'mOS', { arch: 'esp32' })],
    ['shelly', service('_http._tcp', 'shelly1-AABBCC')],
    ['unknown', service('_http._tcp', 'esp32-camera')],
    ['unknown', service('_http._tcp', 'espressif')],
    [null, service('_http._tcp', 'especially-a-printer')],
    [null, service('_http._tcp', 'brother-hl-2030')],
    [null, service('_ipp._tcp', 'esp32')],
  ])('is %s', (firmware, announced) => {
    expect(recogniseFirmware(announced)).toBe(firmware);
  });
});

describe('what a TXT record tells', () => {
  it('is the chip and the version under the keys that firmwares use', () => {
    expect(chipFromText(new Map([['platform', 'ESP32']]))).toBe('esp32');
    expect(chipFromText(new Map([['arch', 'esp8266']]))).toBe('esp8266');
    expect(chipFromText(new Map())).toBeNull();
    expect(versionFromText(new Map([['version', '2026.1.0']]))).toBe('2026.1.0');
    expect(versionFromText(new Map())).toBeNull();
  });
});
