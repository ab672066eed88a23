import { describe, expect, it } from 'vitest';
import {
  diffNvs,
  findVariable,
  isSecret,
  parseNvs,
  parseViamJson,
  readViamSettings,
  redacted,
  seedViamSettings,
} from '../../../src/flash-data/index.ts';
import { nvsOf } from './fixtures.ts';

const failsWith = (code: string) => expect.objectContaining({ code }) as Error;

describe('secrets', () => {
  it('are told by their names', () => {
    const secret = [
      'WIFI_PASSWORD',
      'ROBOT_SECRET',
      'sta.pswd',
      'api_key',
      'mqttToken',
      'TLS_PRIV_KEY',
      'psk',
      'ROBOT_CONFIG',
      'NETWORKS',
      'sta.pmk',
    ];
    const plain = [
      'WIFI_SSID',
      'ROBOT_ID',
      'OTA_VERSION',
      'sta.ssid',
      'sta.authmode',
      'counter',
      'passive_scan',
      'TLS_CERT',
      'keyboard',
    ];
    expect(secret.filter((key) => !isSecret({ key }))).toEqual([]);
    expect(plain.filter((key) => isSecret({ key }))).toEqual([]);
  });

  it('show their length and nothing else', () => {
    const nvs = parseNvs(nvsOf('s,namespace,,\npassword,data,string,hunter2\n'));
    expect(redacted(findVariable(nvs.variables, 's', 'password'))).toBe('(secret, 7 bytes)');
    expect(() => findVariable(nvs.variables, 's', 'other')).toThrow(failsWith('nvs/no-such-key'));
    expect(() => findVariable(nvs.variables, 't', 'password')).toThrow(
      expect.objectContaining({ hint: 'That key is in: s.' }) as Error,
    );
  });
});

describe('the difference of two partitions', () => {
  it('is by namespace and key, wherever the values lie', () => {
    const before = parseNvs(nvsOf('s,namespace,,\na,data,u8,1\nb,data,u8,2\nc,data,u8,3\n'));
    const after = parseNvs(nvsOf('t,namespace,,\na,data,u8,1\ns,namespace,,\n', { version: 1 }));
    expect(diffNvs(before, before)).toEqual([]);
    expect(diffNvs(before, after).map(({ kind }) => kind)).toEqual([
      'removed',
      'removed',
      'removed',
      'added',
    ]);
    const changed = parseNvs(nvsOf('s,namespace,,\nc,data,u8,3\nb,data,u16,2\na,data,u8,1\n'));
    expect(diffNvs(before, changed)).toMatchObject([{ kind: 'changed', before: { key: 'b' } }]);
  });
});

describe('the settings of a micro-RDK', () => {
  it('are seeded and read back', () => {
    const settings = { WIFI_SSID: 'lab', WIFI_PASSWORD: 'hunter2', OTA_VERSION: 'v1.2' };
    const nvs = parseNvs(seedViamSettings(parseNvs(new Uint8Array(0x8000).fill(0xff)), settings));
    expect(nvs.issues).toEqual([]);
    expect(readViamSettings(nvs)).toEqual({
      ROBOT_ID: null,
      ROBOT_SECRET: null,
      ROBOT_APP_ADDR: null,
      ...settings,
    });
    expect(nvs.variables.every(({ namespace }) => namespace === 'VIAM_NS')).toBe(true);
  });

  it('come from a viam.json', () => {
    const cloud = { id: 'i', secret: 's', app_address: 'https://app.viam.com:443' };
    expect(parseViamJson(JSON.stringify({ cloud }))).toEqual({
      ROBOT_ID: 'i',
      ROBOT_SECRET: 's',
      ROBOT_APP_ADDR: 'https://app.viam.com:443',
    });
    for (const text of ['', 'null', '{}', '{"cloud":{"id":1}}', '{"cloud":{"secret":"hunter2"']) {
      expect(() => parseViamJson(text)).toThrow(failsWith('nvs/bad-value'));
    }
  });
});
