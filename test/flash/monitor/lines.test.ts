import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { LineAssembler } from '../../../src/flash/monitor/line-assembler.ts';
import { colouredText, plainText } from '../../../src/flash/monitor/safe-text.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('lines', () => {
  it.each([
    ['one\ntwo\n', ['one', 'two']],
    ['one\r\ntwo\r\n', ['one', 'two']],
    ['one\r\r\ntwo\r\r\n', ['one', 'two']],
    ['10%\r20%\rdone\n', ['10%', '20%', 'done']],
    ['\n\nafter two empty ones\n', ['', '', 'after two empty ones']],
    ['no end', []],
  ])('of %j', (text, lines) => {
    expect(new LineAssembler().feed(bytes(text))).toEqual(lines);
  });

  it('are the same wherever the chunks end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('\r', '\n', '\r\n', 'a', 'é', '\u001b[31m', '\u0000')),
        fc.array(fc.nat(4)),
        (parts, sizes) => {
          const all = bytes(parts.join(''));
          const whole = new LineAssembler();
          const split = new LineAssembler();
          const expected = [...whole.feed(all), whole.flush()];
          const lines: (string | null)[] = [];
          let at = 0;
          for (const size of sizes) {
            lines.push(...split.feed(all.subarray(at, at + size)));
            at += size;
          }
          lines.push(...split.feed(all.subarray(at)), split.flush());
          expect(lines).toEqual(expected);
        },
      ),
    );
  });

  it('show what has come of an unfinished one, and take it on request', () => {
    const lines = new LineAssembler();
    expect(lines.feed(bytes('esp> '))).toEqual([]);
    expect(lines.partial).toBe('esp> ');
    expect(lines.flush()).toBe('esp> ');
    expect(lines.flush()).toBeNull();
  });

  it('that never end are cut, so that memory stays bounded', () => {
    const lines = new LineAssembler();
    const cut = lines.feed(new Uint8Array(10_000).fill(0x55));
    expect(cut.map((line) => line.length)).toEqual([4096, 4096]);
    expect(lines.partial).toHaveLength(10_000 - 2 * 4096);
  });

  it('that are no UTF-8 show their bytes', () => {
    expect(new LineAssembler().feed(Uint8Array.of(0x41, 0xff, 0x80, 0x0a))).toEqual([
      'A\\xff\\x80',
    ]);
  });
});

describe('text from a board', () => {
  const red = '\u001b[0;31m';
  const off = '\u001b[0m';

  it('keeps its colours for a terminal, and loses them elsewhere', () => {
    const text = `${red}E (1) x: y${off}`;
    expect(colouredText(text)).toBe(text);
    expect(plainText(text)).toBe('E (1) x: y');
  });

  it('ends colours that it left on', () => {
    expect(colouredText(`${red}E (1) x: y`)).toBe(`${red}E (1) x: y${off}`);
  });

  it.each([
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['\u001b[2J', '\\x1b[2J'],
    ['\u001b[31;1Hmoved', '\\x1b[31;1Hmoved'],
    ['a\u0008b\u009b31m', 'a\\x08b\\x9b31m'],
    ['a\tb', 'a\tb'],
  ])('cannot do anything else to a terminal: %j', (text, safe) => {
    expect(plainText(text)).toBe(safe);
    expect(colouredText(text)).toBe(safe);
  });
});
