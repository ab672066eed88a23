import { describe, expect, it } from 'vitest';
import {
  redactConfig,
  redactText,
  redactUrl,
  redactValue,
  shownValue,
} from '../../src/machine-config/index.ts';
import { fixture } from './fixture.ts';

describe('redactUrl', () => {
  it.each([
    ['http://10.0.0.5:1/app.bin?token=s3cretS3cret&x=1', ['s3cret']],
    ['http://me:hunter2@10.0.0.5:1/app.bin', ['hunter2', 'me:']],
    ['http://10.0.0.5:1/d/Zk3v9QpLm2Xw8RtY5uBn/app.bin', ['Zk3v9QpLm2Xw8RtY5uBn']],
    ['http://10.0.0.5:1/app.bin?s3cretS3cret', ['s3cret']],
  ])('%s', (url, secrets) => {
    const shown = redactUrl(url);
    for (const secret of secrets) expect(shown).not.toContain(secret);
    expect(shown).toContain('10.0.0.5:1');
    expect(shown).toContain('app.bin');
    expect(redactUrl(url)).toBe(shown);
  });

  it('leaves plain URLs and other text', () => {
    const plain =
      'https://github.com/viamrobotics/micro-rdk/releases/download/v0.5.1/micro-rdk-server-esp32-ota.bin';
    expect(redactUrl(plain)).toBe(plain);
    expect(redactUrl('v1.2.3')).toBe('v1.2.3');
  });

  it('shows that a token changed', () => {
    expect(redactUrl('http://h:1/?t=aaaaaaaa')).not.toBe(redactUrl('http://h:1/?t=bbbbbbbb'));
  });
});

describe('redactText', () => {
  it('masks the URLs in a log line', () => {
    const line = 'OTA connection attempt 1: `http://10.0.0.5:1/a.bin?token=s3cret`, of 5';
    expect(redactText(line)).toMatch(
      /^OTA connection attempt 1: `http:\/\/10.0.0.5:1\/a.bin\?token=\*\*\*\(.{4}\)`, of 5$/,
    );
  });
});

describe('a value that should be a URL, and is none', () => {
  it('is shown without the tokens in it, and not at any length', () => {
    const value = [{ a: 'http://10.0.0.5:1/a.bin?token=s3cretS3cret' }, 7, null, 'v1'];
    expect(shownValue(value)).toMatch(
      /^\[\{"a":"http:\/\/10.0.0.5:1\/a.bin\?token=\*\*\*\(.{4}\)"\},7,null,"v1"\]$/,
    );
    expect(redactValue(value)).toEqual([
      { a: redactUrl('http://10.0.0.5:1/a.bin?token=s3cretS3cret') },
      7,
      null,
      'v1',
    ]);
    expect(shownValue('x'.repeat(1000))).toHaveLength(201);
  });
});

describe('redactConfig', () => {
  it('masks URLs inside other text', () => {
    const shown = redactConfig('{"run": "curl http://10.0.0.5:1/a?token=s3cretS3cret -o a"}');
    expect(shown).not.toContain('s3cret');
    expect(shown).toMatch(/"curl http:\/\/10.0.0.5:1\/a\?token=\*\*\*\(.{4}\) -o a"/);
  });

  it.each(['wifi_pass', 'pwd', 'passphrase', 'Authorization', 'set-cookie'])('masks %s', (key) => {
    expect(redactConfig(JSON.stringify({ [key]: 'hunter2' }))).not.toContain('hunter2');
    expect(redactConfig('{"bypass": "yes", "passive": "no"}')).toContain('"yes", "passive": "no"');
  });

  it('masks secrets and tokens and keeps the rest with its formatting', () => {
    const text = fixture('app-triplet.json');
    const shown = redactConfig(text);
    expect(shown).not.toContain('hunter2hunter2');
    expect(shown).not.toContain('abcdef0123456789');
    expect(shown).toContain('"unknown_future_key": { "keep": [1, 2.50, 1e3, "\\u00e9"] }');
    expect(shown.split('\n').length).toBe(text.split('\n').length);
  });

  it('masks everything below a secret key, numbers too', () => {
    const shown = redactConfig('{"credentials": {"type": "api-key", "pin": 4711}, "n": 4711}');
    expect(shown).toMatch(/"pin": "\*\*\*\(.{4}\)"/);
    expect(shown).toContain('"n": 4711');
    expect(shown).not.toContain('api-key');
  });
});
