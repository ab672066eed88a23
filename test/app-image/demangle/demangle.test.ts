import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { array, assert, constantFrom, integer, property, string } from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { demangle } from '../../../src/app-image/index.ts';
import { describeWithPeers } from '../../support/peer.ts';

/** Symbols that rustc and g++ made, each beside its readable name. */
const load = (name: string) =>
  readFileSync(new URL(`${name}.tsv`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): readonly [string, string] => {
      const [symbol = '', readable = ''] = line.split('\t');
      return [symbol, readable];
    });

const KINDS = ['rust-v0', 'rust-legacy', 'cpp'] as const;

describe('demangle', () => {
  it.each(KINDS)('reads the names of %s', (kind) => {
    const names = load(kind);
    expect(names.map(([symbol]) => [symbol, demangle(symbol)])).toEqual(names);
  });

  it('leaves everything else alone', () => {
    const others = [
      'app_main',
      '_start',
      '',
      '_ZTVN10__cxxabiv117__class_type_infoE',
      '_R',
      '_Z',
      '_ZN',
    ];
    expect(others.map(demangle)).toEqual(others);
  });

  it('drops what a compiler puts behind a name', () => {
    expect(demangle('_ZN3app4Wifi2onEPv.isra.0')).toBe('app::Wifi::on');
    expect(demangle('_RNvNtCs1234_5crate3mod4func.llvm.123')).toBe('crate::mod::func');
  });

  it('survives whatever it is given', () => {
    const symbols = KINDS.flatMap((kind) => load(kind).map(([symbol]) => symbol));
    const cut = property(constantFrom(...symbols), integer({ min: 0, max: 200 }), (symbol, at) => {
      expect(typeof demangle(symbol.slice(0, at))).toBe('string');
      expect(typeof demangle(symbol.slice(0, at) + symbol.slice(at + 1))).toBe('string');
    });
    assert(cut, { numRuns: 500 });
    const letters = array(constantFrom(...'_ZNSUlIEJLRvCMXYBKDG0123456789asutp'.split('')), {
      maxLength: 60,
    });
    const made = property(constantFrom('_Z', '_R', '_ZN', '_RNv'), letters, string(), (a, b, c) => {
      expect(demangle(a + b.join('') + c).length).toBeLessThan(20_000);
    });
    assert(made, { numRuns: 2000 });
    expect(demangle(bomb())).toMatch(/^_R/);
    expect(demangle(`_Z${'Z'.repeat(3000)}`)).toContain('_Z');
  });
});

/** A symbol of tuples, each of which holds the one before twice: 2 to the power of 60 types. */
function bomb(): string {
  let text = 'IC1a';
  let last = text.length;
  text += 'TuuE';
  for (let count = 0; count < 60; count += 1) {
    const reference = `B${base62(last)}`;
    last = text.length;
    text += `T${reference}${reference}E`;
  }
  return `_R${text}E`;
}

function base62(value: number): string {
  const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  let text = '';
  for (let rest = value - 1; text === '' || rest > 0; rest = Math.floor(rest / 62)) {
    text = digits.charAt(rest % 62) + text;
  }
  return `${text}_`;
}

/** `<…>` instead of template arguments, and no parameters, as ours has it. */
function short(name: string): string {
  let text = '';
  let depth = 0;
  const pieces = name.match(/operator(?:<=>|<<=?|>>=?|<=|>=|->\*?|<|>|\(\))|->|./g) ?? [];
  for (const piece of pieces) {
    if (piece === '<' && (depth += 1) === 1) text += '<…>';
    else if (piece === '>') depth -= 1;
    else if (depth === 0) text += piece;
  }
  return text
    .replaceAll(/\{lambda\([^{}]*\)(#\d+)\}/g, '{lambda$1}')
    .replaceAll(/(?<!^)(?<!::)\([^()]*\)(?=::)/g, '')
    .replace(/^(.*)operator (?!new|delete).*$/, '$1operator …');
}

describeWithPeers(['c++filt'], 'demangle beside c++filt', ([filter = '']) => {
  const theirs = (symbols: readonly string[], ...args: readonly string[]) =>
    execFileSync(filter, args, { input: symbols.join('\n'), encoding: 'utf8' })
      .trimEnd()
      .split('\n');

  it('says the same of Rust, but for hashes and the types of constants', () => {
    for (const kind of ['rust-v0', 'rust-legacy'] as const) {
      const names = load(kind);
      const plain = theirs(names.map(([symbol]) => symbol)).map((name) =>
        name
          .replaceAll(/\[[0-9a-f]{8,}\]/g, '')
          .replace(/::h[0-9a-f]{16}$/, '')
          .replaceAll(/: (usize|i32|char|bool)(?=[\]>,])/g, '')
          .replaceAll(/\\u\{([0-9a-f]+)\}/g, (_, hex: string) =>
            String.fromCodePoint(Number.parseInt(hex, 16)),
          ),
      );
      expect(plain).toEqual(names.map(([, readable]) => readable));
    }
  });

  it('says the same of C++, but for parameters and template arguments', () => {
    const names = load('cpp').filter(([, readable]) => !/operator[<>]/.test(readable));
    const plain = theirs(
      names.map(([symbol]) => symbol),
      '-p',
    ).map(short);
    expect(plain).toEqual(names.map(([, readable]) => readable));
  });
});
