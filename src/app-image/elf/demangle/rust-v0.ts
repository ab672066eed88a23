/** More would be a symbol that refers to itself, or one made to hurt. */
const MAX_DEPTH = 200;
const MAX_LENGTH = 10_000;

const BASIC_TYPES: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
};

/** `_RNvMs0_4core3fmt…`: Rust's own mangling (RFC 2603). `null` where it is none, or one not understood. */
export function demangleRustV0(symbol: string): string | null {
  const match = /^_R([A-Z].*)$/.exec(symbol);
  const mangled = match?.[1]?.replace(/\..*$/, '');
  if (mangled === undefined) return null;
  try {
    return new V0Reader(mangled).path(true);
  } catch (error) {
    if (error instanceof NotUnderstood) return null;
    throw error;
  }
}

class NotUnderstood extends Error {}

/** Reads one symbol from left to right; a back reference reads an earlier part of it again. */
class V0Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #written = 0;
  /** How many lifetimes `for<…>` has bound around here. */
  #lifetimes = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @param isValue whether generics follow `::`, as in expressions */
  path(isValue: boolean): string {
    return this.#nested(() => {
      switch (this.#next()) {
        case 'C':
          return this.#identifier().name;
        case 'N':
          return this.#namespaced(isValue);
        case 'M':
          this.#implPath();
          return `<${this.#type()}>`;
        case 'X':
          this.#implPath();
          return `<${this.#type()} as ${this.path(false)}>`;
        case 'Y':
          return `<${this.#type()} as ${this.path(false)}>`;
        case 'I': {
          const of = this.path(isValue);
          const generics = this.#until(() => this.#genericArgument());
          return `${of}${isValue ? '::' : ''}<${generics.join(', ')}>`;
        }
        case 'B':
          return this.#backReference(() => this.path(isValue));
        default:
          throw new NotUnderstood();
      }
    });
  }

  #namespaced(isValue: boolean): string {
    const namespace = this.#next();
    const parent = this.path(isValue);
    const { name, number } = this.#identifier();
    if (/[a-z]/.test(namespace)) return name === '' ? parent : `${parent}::${name}`;
    const kinds: Readonly<Record<string, string>> = { C: 'closure', S: 'shim' };
    const kind = kinds[namespace] ?? namespace;
    return `${parent}::{${kind}${name === '' ? '' : `:${name}`}#${number}}`;
  }

  /** Where an impl is; nobody wants to read that. */
  #implPath(): void {
    this.#disambiguator();
    this.path(false);
  }

  #genericArgument(): string {
    if (this.#takes('L')) return this.#lifetime();
    return this.#takes('K') ? this.#constant() : this.#type();
  }

  #type(): string {
    return this.#nested(() => {
      const tag = this.#peek();
      const basic = Object.hasOwn(BASIC_TYPES, tag) ? BASIC_TYPES[tag] : undefined;
      if (basic !== undefined) {
        this.#at += 1;
        return basic;
      }
      this.#at += 1;
      switch (tag) {
        case 'A':
          return `[${this.#type()}; ${this.#constant()}]`;
        case 'S':
          return `[${this.#type()}]`;
        case 'T': {
          const types = this.#until(() => this.#type());
          return types.length === 1 ? `(${types[0]},)` : `(${types.join(', ')})`;
        }
        case 'R':
        case 'Q': {
          const lifetime = this.#takes('L') ? this.#lifetime() : "'_";
          const shown = lifetime === "'_" ? '' : `${lifetime} `;
          return `&${shown}${tag === 'Q' ? 'mut ' : ''}${this.#type()}`;
        }
        case 'P':
          return `*const ${this.#type()}`;
        case 'O':
          return `*mut ${this.#type()}`;
        case 'F':
          return this.#bound(() => this.#functionType());
        case 'D': {
          const traits = this.#bound(() => this.#until(() => this.#dynTrait()).join(' + '));
          if (!this.#takes('L')) throw new NotUnderstood();
          const lifetime = this.#lifetime();
          return `dyn ${traits}${lifetime === "'_" ? '' : ` + ${lifetime}`}`;
        }
        case 'B':
          return this.#backReference(() => this.#type());
        default:
          this.#at -= 1;
          return this.path(false);
      }
    });
  }

  #functionType(): string {
    const unsafe = this.#takes('U') ? 'unsafe ' : '';
    let abi = '';
    if (this.#takes('K')) {
      const name = this.#takes('C') ? 'C' : this.#identifier().name.replaceAll('_', '-');
      abi = `extern "${name}" `;
    }
    const parameters = this.#until(() => this.#type());
    const result = this.#type();
    return `${unsafe}${abi}fn(${parameters.join(', ')})${result === '()' ? '' : ` -> ${result}`}`;
  }

  #dynTrait(): string {
    const path = this.path(false);
    const bindings: string[] = [];
    while (this.#takes('p')) bindings.push(`${this.#identifier().name} = ${this.#type()}`);
    if (bindings.length === 0) return path;
    const open = path.endsWith('>') ? `${path.slice(0, -1)}, ` : `${path}<`;
    return `${open}${bindings.join(', ')}>`;
  }

  /** With `for<'a, …>` before it where lifetimes are bound. */
  #bound(read: () => string): string {
    const count = this.#takes('G') ? this.#base62() + 1 : 0;
    if (count > MAX_DEPTH) throw new NotUnderstood();
    this.#lifetimes += count;
    const names = Array.from({ length: count }, (_, index) => this.#lifetimeName(count - index));
    const shown = count === 0 ? '' : `for<${names.join(', ')}> `;
    const text = shown + read();
    this.#lifetimes -= count;
    return text;
  }

  #lifetime(): string {
    const index = this.#base62();
    return index === 0 ? "'_" : this.#lifetimeName(index);
  }

  /** Counted from the innermost. */
  #lifetimeName(index: number): string {
    const depth = this.#lifetimes - index;
    if (depth < 0) throw new NotUnderstood();
    return depth < 26 ? `'${String.fromCodePoint(0x61 + depth)}` : `'_${depth}`;
  }

  #constant(): string {
    return this.#nested(() => {
      if (this.#takes('B')) return this.#backReference(() => this.#constant());
      if (this.#takes('p')) return '_';
      const type = this.#next();
      const negative = this.#takes('n') ? '-' : '';
      const digits = this.#match(/[0-9a-f]*_/y).slice(0, -1);
      const value = digits === '' ? 0n : BigInt(`0x${digits}`);
      if (type === 'b') return value === 0n ? 'false' : 'true';
      if (type === 'c' && value <= 0x10_ffffn) return `'${String.fromCodePoint(Number(value))}'`;
      if (!/[ahijlmnostxy]/.test(type)) throw new NotUnderstood();
      return `${negative}${value}`;
    });
  }

  #identifier(): { readonly name: string; readonly number: number } {
    const number = this.#disambiguator();
    // Punycode: no name of a function that anybody has on a chip.
    if (this.#takes('u')) throw new NotUnderstood();
    const length = Number(this.#match(/0|[1-9]\d{0,4}/y));
    this.#takes('_');
    const name = this.#text.slice(this.#at, this.#at + length);
    if (name.length < length) throw new NotUnderstood();
    this.#at += length;
    return { name, number };
  }

  #disambiguator(): number {
    return this.#takes('s') ? this.#base62() + 1 : 0;
  }

  #base62(): number {
    const digits = this.#match(/[0-9a-zA-Z]{0,12}_/y).slice(0, -1);
    if (digits === '') return 0;
    let value = 0;
    for (const digit of digits) value = value * 62 + DIGITS.indexOf(digit);
    return value + 1;
  }

  #backReference(read: () => string): string {
    const start = this.#at - 1;
    const target = this.#base62();
    if (target >= start) throw new NotUnderstood();
    const after = this.#at;
    this.#at = target;
    const text = read();
    this.#at = after;
    return text;
  }

  #until(read: () => string): readonly string[] {
    const all: string[] = [];
    while (!this.#takes('E')) all.push(read());
    return all;
  }

  #nested(read: () => string): string {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new NotUnderstood();
    const text = read();
    this.#depth -= 1;
    this.#written += text.length;
    // Back references to back references double with each step.
    if (this.#written > MAX_LENGTH * MAX_DEPTH || text.length > MAX_LENGTH) {
      throw new NotUnderstood();
    }
    return text;
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #next(): string {
    const character = this.#peek();
    if (character === '') throw new NotUnderstood();
    this.#at += 1;
    return character;
  }

  #takes(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw new NotUnderstood();
    this.#at += found.length;
    return found;
  }
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
