import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  checkOtaUrl,
  checkSettings,
  checkTag,
  type Fragments,
  type JsonObject,
  looksOlder,
  parseMachineConfig,
  planOtaChange,
  uniqueTag,
  validateMachineConfig,
} from '../../src/machine-config/index.ts';
import { fixture } from './fixture.ts';

const codes = (issues: readonly { code: string }[]) => issues.map(({ code }) => code);

describe('checkOtaUrl', () => {
  it.each([
    'http://192.168.1.20:3232/app.bin?token=abc',
    'http://[fd00::1]:3232/app.bin',
    'http://192.168.1.20:80/app.bin',
    'https://github.com/o/r/releases/download/v1/app.bin',
    'https://example.com:8443/app.bin',
    'https://203.0.113.7/app.bin',
    'HTTP://192.168.1.20:1/app.bin',
  ])('takes %s', (url) => {
    expect(checkOtaUrl(url)).toEqual([]);
  });

  it.each([
    ['machine-config/url-invalid', '/app.bin'],
    ['machine-config/url-invalid', 'app.bin'],
    ['machine-config/url-invalid', '192.168.1.20:3232/app.bin'],
    ['machine-config/url-invalid', 'http:/192.168.1.20:3232/app.bin'],
    ['machine-config/url-invalid', 'http:\\\\192.168.1.20:3232\\app.bin'],
    ['machine-config/url-invalid', 'http://192.168.1.20:3232/my app.bin'],
    ['machine-config/url-invalid', 'http://192.168.1.20:3232/äpp.bin'],
    ['machine-config/url-invalid', 'http://192.168.1.20:99999/app.bin'],
    ['machine-config/url-invalid', 'http://user@/app.bin'],
    ['machine-config/url-userinfo', 'http://192.168.1.20:80\\\\@example.com:80/app.bin'],
    ['machine-config/url-invalid', 'http://192.168.1.%32:80/app.bin'],
    ['machine-config/url-invalid', 'http://[fd00::1:80/app.bin'],
    ['machine-config/url-invalid', ' http://192.168.1.20:3232/app.bin'],
    ['machine-config/url-invalid', `http://192.168.1.20:3232/${'a'.repeat(65_534)}`],
    ['machine-config/url-invalid', ''],
    ['machine-config/url-scheme', 'ftp://192.168.1.20:21/app.bin'],
    ['machine-config/url-scheme', 'file:///tmp/app.bin'.replace('///', '//x/')],
    ['machine-config/url-userinfo', 'http://user:pass@192.168.1.20:3232/app.bin'],
    ['machine-config/url-userinfo', 'https://token@example.com/app.bin'],
    ['machine-config/url-without-port', 'http://192.168.1.20/app.bin'],
    ['machine-config/url-without-port', 'http://192.168.1.20:/app.bin'],
    ['machine-config/url-without-port', 'http://[fd00::1]/app.bin'],
    ['machine-config/url-private-https', 'https://192.168.1.20/app.bin'],
    ['machine-config/url-private-https', 'https://10.1.2.3:8443/app.bin'],
    ['machine-config/url-private-https', 'https://[fe80::1]/app.bin'],
    ['machine-config/url-private-https', 'https://172.31.0.1/app.bin'],
    ['machine-config/url-private-https', 'https://nas.local/app.bin'],
    ['machine-config/url-private-https', 'https://buildserver/app.bin'],
    ['machine-config/url-loopback', 'http://127.0.0.1:3232/app.bin'],
    ['machine-config/url-loopback', 'http://127.9.9.9:3232/app.bin'],
    ['machine-config/url-loopback', 'http://localhost:3232/app.bin'],
    ['machine-config/url-loopback', 'http://[::1]:3232/app.bin'],
    ['machine-config/url-loopback', 'http://0.0.0.0:3232/app.bin'],
    ['machine-config/url-local-name', 'http://laptop.local:3232/app.bin'],
    ['machine-config/url-fragment', 'http://192.168.1.20:3232/app.bin#v1'],
  ])('%s: %s', (code, url) => {
    expect(codes(checkOtaUrl(url))).toEqual([code]);
  });

  it('lets loopback pass for a virtual device', () => {
    expect(checkOtaUrl('http://127.0.0.1:3232/a', { allowLoopback: true })).toEqual([]);
    expect(codes(checkOtaUrl('http://localhost:3232/a', { allowLoopback: true }))).toEqual([]);
  });

  it('says all that is wrong at once, and repeats no password', () => {
    const issues = checkOtaUrl('http://me:hunter2@127.0.0.1/a#b');
    expect(codes(issues)).toEqual([
      'machine-config/url-userinfo',
      'machine-config/url-without-port',
      'machine-config/url-loopback',
      'machine-config/url-fragment',
    ]);
    expect(JSON.stringify(issues)).not.toContain('hunter2');
  });

  it('never throws', () => {
    const answers = (text: string) => {
      expect(checkOtaUrl(text)).toBeInstanceOf(Array);
    };
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl()), answers));
  });

  it('keeps a message short where the URL is long, with both numbers', () => {
    const [issue] = checkOtaUrl(`http://192.168.1.20:3232/${'a'.repeat(65_534)}`);
    expect(issue?.message.length).toBeLessThan(200);
    expect(issue?.message).toContain('65559 characters, and the device takes 65534');
  });

  it('writes IPv6 addresses in brackets', () => {
    const [issue] = checkOtaUrl('https://[fd00::1]/app.bin');
    expect(issue?.hint).toContain('http://[fd00::1]:PORT/');
  });
});

describe('checkTag', () => {
  it.each([
    ['machine-config/tag-empty', ''],
    ['machine-config/tag-too-long', 'a'.repeat(129)],
    ['machine-config/tag-too-long', 'é'.repeat(65)],
    ['machine-config/tag-spaces', 'v1 '],
  ])('%s', (code, tag) => {
    expect(codes(checkTag(tag))).toEqual([code]);
  });

  it('takes 128 bytes', () => {
    expect(checkTag('a'.repeat(128))).toEqual([]);
    expect(checkTag('é'.repeat(64))).toEqual([]);
  });
});

describe('checkSettings', () => {
  const present = { url: 'http://10.0.0.5:8080/a.bin', version: 'v2' };

  it.each([
    ['machine-config/tag-unchanged', { version: 'v2' }, present],
    ['machine-config/tag-unchanged', { version: 'v2', url: 'http://10.0.0.5:8080/b' }, present],
    ['machine-config/url-without-tag', { url: 'http://10.0.0.5:8080/b.bin' }, present],
    ['machine-config/tag-older', { version: 'v1' }, present],
    ['machine-config/tag-missing', { url: present.url }, null],
    ['machine-config/url-missing', { version: 'v3' }, { url: undefined, version: 'v2' }],
    ['machine-config/url-not-text', { version: 'v3' }, { url: 12, version: 'v2' }],
    ['machine-config/tag-not-text', { url: present.url }, { ...present, version: 1.2 }],
  ])('%s for %j', (code, settings, now) => {
    expect(codes(checkSettings(settings, now))).toEqual([code]);
  });

  it('is content with a new tag, a new service, and the same URL under an unchanged tag', () => {
    expect(checkSettings({ version: 'v3' }, present)).toEqual([]);
    expect(checkSettings(present, null)).toEqual([]);
    expect(checkSettings({ url: present.url }, present)).toEqual([]);
  });
});

describe('validateMachineConfig', () => {
  it.each([
    ['app-triplet.json', []],
    ['legacy-short-name.json', []],
    ['numeric-version-minified.json', ['machine-config/tag-not-text']],
    ['several-services.json', ['machine-config/several-services']],
    ['fragment-mods.json', ['machine-config/url-missing', 'machine-config/fragment-not-read']],
    ['comments-pasted-in.jsonc', ['machine-config/not-strict']],
    [
      'fragment-variables.json',
      [
        'machine-config/no-service',
        'machine-config/fragment-not-read',
        'machine-config/fragment-not-read',
      ],
    ],
  ])('%s', (name, expected) => {
    expect(codes(validateMachineConfig(parseMachineConfig(fixture(name))))).toEqual(expected);
  });
});

describe('planOtaChange', () => {
  const settings = () => ({ url: 'http://10.0.0.5:8080/a.bin', version: 'v1' });

  it('warns of a fragment that may have a service already, also one inside another', () => {
    const text = '{"fragments": [{"id": "outer"}]}';
    const outer = { fragments: ['inner'] };
    const inner = { services: [] };
    const codesFor = (fragments: Fragments) =>
      codes(planOtaChange({ text, fragments }, settings).issues);
    const unread = ['machine-config/fragment-not-read'];
    expect(codesFor(new Map())).toEqual(unread);
    expect(codesFor(new Map([['outer', outer]]))).toEqual(unread);
    expect(
      codesFor(
        new Map<string, JsonObject>([
          ['outer', outer],
          ['inner', inner],
        ]),
      ),
    ).toEqual([]);
  });

  it('has no edit where something speaks against it', () => {
    const plan = planOtaChange({ text: '{}', fragments: new Map() }, () => ({ version: 'v1' }));
    expect(codes(plan.issues)).toEqual(['machine-config/url-missing']);
    expect(plan.edit).toBeNull();
  });
});

describe('looksOlder', () => {
  it.each([
    ['v1.0.0', 'v1.0.1', true],
    ['1.9', '1.10', true],
    ['v1.10', 'v1.9', false],
    ['v1.2.0-rc1', 'v1.2.0', true],
    ['v1.2.0', 'v1.2.0-5-gabc1234', true],
    ['v1.2.0-5-gabc1234', 'v1.2.0', false],
    ['v1-20261120T000000Z-aa', 'v1-20261121T000000Z-bb', true],
    ['nightly', 'v1', false],
    ['v1', 'nightly', false],
    ['v1', 'v1', false],
    ['20261121', '20261120', false],
  ])('%s after %s: %s', (tag, present, older) => {
    expect(looksOlder(tag, present)).toBe(older);
  });
});

describe('uniqueTag', () => {
  const time = Date.UTC(2026, 10, 21, 1, 48, 31, 500);

  it('is made of version, time and hash', () => {
    expect(uniqueTag({ version: 'v1.4.0', time, hash: '3f2a9c1b77' })).toBe(
      'v1.4.0-20261121T014831Z-3f2a9c1b',
    );
    expect(uniqueTag({ version: ' my app/1 ', time })).toBe('my-app-1-20261121T014831Z');
    expect(uniqueTag({ time })).toBe('20261121T014831Z');
  });

  it('differs from the present one, is valid and is not older, whatever the version', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (version) => {
        const first = uniqueTag({ version, time });
        const second = uniqueTag({ version, time, present: first });
        expect(second).not.toBe(first);
        expect(checkTag(first)).toEqual([]);
        expect(checkTag(second)).toEqual([]);
        expect(looksOlder(uniqueTag({ version, time: time + 1000 }), first)).toBe(false);
      }),
    );
  });
});
