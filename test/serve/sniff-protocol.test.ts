import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { sniffProtocol } from '../../src/serve/sniff-protocol.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

describe('sniffProtocol', () => {
  it.each([
    ['GET / HTTP/1.1\r\n', 'http1'],
    ['PUT / HTTP/1.1\r\n', 'http1'],
    ['POST / HTTP/1.0\r\n', 'http1'],
    ['PROPFIND / HTTP/1.1\r\n', 'http1'],
    ['PRI * HTTP/1.1\r\n', 'http1'],
    ['\r\n\r\n', 'http1'],
    [PREFACE, 'http2'],
    [`${PREFACE}more`, 'http2'],
    ['\x16\x03\x01\x02\x00', 'tls'],
    ['P', 'more'],
    ['PRI * HTTP/2', 'more'],
  ])('%j is %s', (text, protocol) => {
    expect(sniffProtocol(bytes(text))).toBe(protocol);
  });

  it('waits at every cut of the preface that HTTP/1 could still begin with, and never longer', () => {
    for (let length = 1; length <= PREFACE.length; length += 1) {
      const expected = length < 'PRI * HTTP/2.0'.length ? 'more' : 'http2';
      expect(sniffProtocol(bytes(PREFACE.slice(0, length)))).toBe(expected);
    }
  });

  it('never changes its mind when more bytes come', () => {
    const changesItsMind = (all: Uint8Array, cut: number) => {
      const early = sniffProtocol(all.subarray(0, Math.max(1, cut)));
      return early !== 'more' && sniffProtocol(all) !== early;
    };
    const firstBytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
    expect(
      fc.check(fc.property(firstBytes, fc.nat(40), (all, cut) => !changesItsMind(all, cut))),
    ).toMatchObject({ failed: false });
  });
});
