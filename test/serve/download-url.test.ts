import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { artifactFileName, checkHost, downloadUrl } from '../../src/serve/index.ts';

describe('artifactFileName', () => {
  it.each([
    ['app.bin', 'app.bin'],
    ['build/app.BIN', 'app.bin'],
    ['C:\\work\\my app (1).bin', 'my-app-1.bin'],
    ['firmware', 'firmware.bin'],
    ['../../etc/passwd', 'passwd.bin'],
    ['.bin', 'image.bin'],
    ['…', 'image.bin'],
    ['%2e%2e%2f.bin', '2e-2e-2f.bin'],
    ['a\r\nSet-Cookie: x.bin', 'a-Set-Cookie-x.bin'],
    [`${'long'.repeat(30)}.bin`, `${'long'.repeat(10)}.bin`],
  ])('%j becomes %s', (name, expected) => {
    expect(artifactFileName(name)).toBe(expected);
  });

  it('is always short and safe', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(artifactFileName(name)).toMatch(/^[A-Za-z0-9_][\w.-]{0,39}\.bin$/);
      }),
    );
  });
});

describe('checkHost', () => {
  it.each([
    ['192.168.1.20', '192.168.1.20'],
    ['fd00::20', '[fd00::20]'],
    ['[fd00::20]', '[fd00::20]'],
    ['Bench-Pi.local', 'bench-pi.local'],
    ['localhost', 'localhost'],
  ])('takes %s', (host, expected) => {
    expect(checkHost(host)).toBe(expected);
  });

  it.each([
    '',
    'http://x',
    'a/b',
    'user@host',
    'a:80',
    '-a',
    'a..b',
    '256.1.1.1',
    '1.2.3',
    'a b',
    'ä.de',
  ])('refuses %j: serve/bad-host', (host) => {
    expect(() => checkHost(host)).toThrow(expect.objectContaining({ code: 'serve/bad-host' }));
  });
});

describe('downloadUrl', () => {
  it('has room for the longest token and name at any IPv4 address', () => {
    const name = artifactFileName('x'.repeat(300));
    const url = downloadUrl('255.255.255.255', 65_535, `/${'t'.repeat(28)}/${name}`);
    expect(url.length).toBeLessThanOrEqual(110);
  });

  it('refuses more than 200 characters: serve/url-too-long', () => {
    const host = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}`;
    expect(() => downloadUrl(host, 3001, '/token/app.bin')).toThrow(
      expect.objectContaining({
        code: 'serve/url-too-long',
        details: { length: 208, longest: 200 },
      }),
    );
  });
});
