/** Operators, by their two letters. */
const OPERATORS: Readonly<Record<string, string>> = {
  nw: ' new',
  na: ' new[]',
  dl: ' delete',
  da: ' delete[]',
  pl: '+',
  mi: '-',
  ml: '*',
  de: '*',
  ad: '&',
  dv: '/',
  rm: '%',
  eo: '^',
  an: '&',
  or: '|',
  co: '~',
  nt: '!',
  aS: '=',
  lt: '<',
  gt: '>',
  pL: '+=',
  mI: '-=',
  mL: '*=',
  dV: '/=',
  oR: '|=',
  aN: '&=',
  ls: '<<',
  rs: '>>',
  eq: '==',
  ne: '!=',
  le: '<=',
  ge: '>=',
  aa: '&&',
  oo: '||',
  pp: '++',
  mm: '--',
  pt: '->',
  cl: '()',
  ix: '[]',
};

const STANDARD: Readonly<Record<string, string>> = {
  St: 'std',
  Sa: 'std::allocator',
  Sb: 'std::basic_string',
  Ss: 'std::string',
  Si: 'std::istream',
  So: 'std::ostream',
  Sd: 'std::iostream',
};

const MAX_DEPTH = 200;
/** Longer ones are no names that anybody reads. */
const MAX_LENGTH = 4096;

/**
 * The name out of a C++ symbol (Itanium ABI): `ns::Class::method`, without parameters, and with `<…>`
 * for template arguments. `null` for what is none, or one not understood.
 */
export function demangleCpp(symbol: string): string | null {
  if (!symbol.startsWith('_Z') || symbol.length > MAX_LENGTH) return null;
  return new CppReader(symbol).name(2);
}

class CppReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  name(start: number, depth = 0): string | null {
    this.#at = start;
    if (this.#peek() === 'Z') return this.#local(depth);
    const parts: string[] = [];
    const isNested = this.#takes('N');
    // What a method may be called on: const, volatile, & or &&.
    if (isNested) this.#match(/[rVK]*[RO]?/y);
    else this.#takes('L');
    for (;;) {
      if (isNested && this.#takes('E')) break;
      if (this.#peek() === 'I') {
        if (!this.#skipArguments(0)) return null;
        parts.push(`${parts.pop() ?? ''}<…>`);
      } else {
        const part = this.#part(parts);
        if (part === null) return null;
        parts.push(part);
      }
      if (!isNested && this.#peek() !== 'I' && parts.at(-1) !== 'std') break;
    }
    return parts.length === 0 ? null : parts.join('::');
  }

  /** `Z…E` and what is in that function: a class, a variable, a lambda. */
  #local(depth: number): string | null {
    if (depth > MAX_DEPTH || !this.#takes('Z')) return null;
    const outer = this.name(this.#at, depth + 1);
    if (outer === null) return null;
    while (!this.#takes('E')) if (!this.#skipType(depth + 1)) return null;
    if (this.#takes('s')) return outer;
    const inner = this.name(this.#at, depth + 1);
    this.#match(/(_\d|__\d+_)?/y);
    return inner === null ? null : `${outer}::${inner}`;
  }

  /** `Ul…E_`: its parameters, and which one of its function it is. */
  #lambda(): string | null {
    while (!this.#takes('E')) if (!this.#skipType(0)) return null;
    const number = /^(\d*)_$/.exec(this.#match(/\d*_/y))?.[1];
    if (number === undefined) return null;
    return `{lambda#${number === '' ? 1 : Number(number) + 2}}`;
  }

  #part(before: readonly string[]): string | null {
    const two = this.#text.slice(this.#at, this.#at + 2);
    if (Object.hasOwn(STANDARD, two)) {
      this.#at += 2;
      return STANDARD[two] ?? null;
    }
    if (/^[CD][0-5]$/.test(two)) {
      this.#at += 2;
      const own =
        (before.at(-1) ?? '')
          .replace(/<…>$/, '')
          .split('::')
          .at(-1) ?? '';
      return two.startsWith('D') ? `~${own}` : own;
    }
    if (two === 'Ul') {
      this.#at += 2;
      return this.#lambda();
    }
    if (two === 'cv') {
      this.#at += 2;
      return this.#skipType(0) ? 'operator …' : null;
    }
    if (Object.hasOwn(OPERATORS, two)) {
      this.#at += 2;
      return `operator${OPERATORS[two]}`;
    }
    this.#takes('L');
    return this.#sourceName();
  }

  #sourceName(): string | null {
    const length = Number(this.#match(/\d{1,5}/y));
    const name = this.#text.slice(this.#at, this.#at + length);
    if (length === 0 || name.length < length) return null;
    this.#at += length;
    this.#match(/(B\d+\w+)?/y);
    return name.startsWith('_GLOBAL__N') ? '(anonymous namespace)' : name;
  }

  /** `I…E`. What is in it is not shown, but its end has to be found. */
  #skipArguments(depth: number): boolean {
    if (depth > MAX_DEPTH || !this.#takes('I')) return false;
    while (!this.#takes('E')) if (!this.#skipArgument(depth + 1)) return false;
    return true;
  }

  #skipArgument(depth: number): boolean {
    if (this.#peek() === 'L') {
      // A literal: a type and digits.
      this.#at += 1;
      return this.#skipType(depth) && this.#match(/n?\d*E/y) !== '';
    }
    if (this.#takes('J')) {
      while (!this.#takes('E')) if (!this.#skipArgument(depth + 1)) return false;
      return true;
    }
    return this.#skipType(depth);
  }

  #skipType(depth: number): boolean {
    if (depth > MAX_DEPTH) return false;
    this.#match(/[PROKVr]*/y);
    if (this.#peek() === 'Z') {
      return this.#local(depth + 1) !== null && this.#skipOptionalArguments(depth);
    }
    if (/\d/.test(this.#peek())) {
      return this.#sourceName() !== null && this.#skipOptionalArguments(depth);
    }
    if (this.#takes('N')) {
      this.#match(/[rVK]*[RO]?/y);
      while (!this.#takes('E')) {
        const isArguments = this.#peek() === 'I';
        if (isArguments && !this.#skipArguments(depth + 1)) return false;
        if (!isArguments && !this.#skipPrefix()) return false;
      }
      return true;
    }
    if (this.#takes('F')) {
      this.#takes('Y');
      while (!this.#takes('E')) if (!this.#skipType(depth + 1)) return false;
      return true;
    }
    if (this.#match(/A\d*_/y) !== '') return this.#skipType(depth + 1);
    if (this.#takes('M')) return this.#skipType(depth + 1) && this.#skipType(depth + 1);
    if (this.#takes('S')) {
      const isStd = this.#peek() === 't';
      if (this.#match(/[tabsiod]|[0-9A-Z]*_/y) === '') return false;
      if (isStd && this.#sourceName() === null) return false;
      return this.#skipOptionalArguments(depth);
    }
    if (this.#match(/T\d*_/y) !== '') return this.#skipOptionalArguments(depth);
    if (this.#match(/Dp/y) !== '') return this.#skipType(depth + 1);
    return this.#match(/D[acdefhinsu]|[a-z]/y) !== '';
  }

  #skipPrefix(): boolean {
    if (this.#match(/S([tabsiod]|[0-9A-Z]*_)|T\d*_|[CD][0-5]/y) !== '') return true;
    return this.#sourceName() !== null;
  }

  #skipOptionalArguments(depth: number): boolean {
    return this.#peek() !== 'I' || this.#skipArguments(depth + 1);
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #takes(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}
