import { assert, property, uint8Array } from '../../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { HpackDecoder, HpackError } from '../../../../src/simulator/micro-rdk/http2/hpack.ts';
import { decodeHuffman } from '../../../../src/simulator/micro-rdk/http2/huffman.ts';
import { createDial } from '../../../../src/simulator/index.ts';
import { Http2Client } from '../../../../src/simulator/micro-rdk/http2/client.ts';
import { serveHttp2 } from '../../../support/http2-server.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

describe('HPACK, by the examples of RFC 7541 Appendix C', () => {
  it('decodes three responses with Huffman codes and evictions (C.6, at 4096 bytes)', () => {
    const decoder = new HpackDecoder();
    expect(
      decoder.decode(
        bytes(
          '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        ),
      ),
    ).toEqual([
      [':status', '302'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ['location', 'https://www.example.com'],
    ]);
    expect(decoder.decode(bytes('4883 640e ffc1 c0bf'))).toEqual([
      [':status', '307'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ['location', 'https://www.example.com'],
    ]);
  });

  it('decodes integers of several bytes (C.1)', () => {
    const decoder = new HpackDecoder();
    // A literal name of 1337 bytes: 1337 in a 7-bit prefix is 7f ba 09.
    const block = Buffer.concat([
      Buffer.of(0x00, 0x7f, 0xba, 0x09),
      Buffer.alloc(1337, 'n'),
      Buffer.of(0x01, 0x76),
    ]);
    expect(decoder.decode(block)).toEqual([['n'.repeat(1337), 'v']]);
  });

  it.each([
    ['an index that is not there', 'ff00'],
    ['index 0', '80'],
    ['a string that is cut short', '0005 6161'],
    ['an integer without end', 'ffff ffff ffff ffff ff'],
    ['a table larger than agreed', '3fe2 1f'],
    ['Huffman padding that is too long', '0001 6182 ffff'],
  ])('refuses %s', (_, hex) => {
    expect(() => new HpackDecoder().decode(bytes(hex))).toThrow(HpackError);
  });

  it('never crashes on arbitrary bytes', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (block) => {
        try {
          new HpackDecoder().decode(block);
        } catch (error) {
          expect(error).toBeInstanceOf(HpackError);
        }
        decodeHuffman(block);
      }),
    );
  });
});

describe('what Node encodes', () => {
  it('is decoded as it was, whatever the bytes of a value', async () => {
    const sent: Record<string, string> = {};
    // Visible ASCII, and what lies beyond it: every code but those that HTTP forbids.
    for (let start = 0x21; start <= 0xff; start += 16) {
      const codes = Array.from({ length: 16 }, (_, index) => start + index);
      const visible = codes.filter((code) => code !== 0x7f && code <= 0xff);
      sent[`x-${start}`] = String.fromCharCode(...visible);
    }
    for (let length = 0; length < 300; length += 37) sent[`y-${length}`] = 'aZ09/'.repeat(length);
    await using server = await serveHttp2(({ stream }) => {
      stream.respond({ ':status': 200, ...sent }, { endStream: true });
    });
    const uri = {
      scheme: 'http',
      authority: `127.0.0.1:${server.port}`,
      port: server.port,
      path: '/',
    };
    const client = new Http2Client(await createDial()(uri, new AbortController().signal));
    const { headers } = await client.get(uri);
    client.close();
    const received = Object.fromEntries(headers);
    delete received['date'];
    expect(received).toEqual(sent);
  });
});
