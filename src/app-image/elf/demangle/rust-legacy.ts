const HASH = /^h[0-9a-f]{16}$/;

const ESCAPES: Readonly<Record<string, string>> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
};

/** `_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE`: names, each behind its length, and a hash. */
export function demangleRustLegacy(symbol: string): string | null {
  if (!symbol.startsWith('_ZN')) return null;
  const names: string[] = [];
  let at = 3;
  for (;;) {
    const length = /^\d+/.exec(symbol.slice(at, at + 8))?.[0];
    if (length === undefined) break;
    at += length.length;
    names.push(symbol.slice(at, at + Number(length)));
    at += Number(length);
  }
  const hash = names.pop();
  if (symbol[at] !== 'E' || hash === undefined || !HASH.test(hash)) return null;
  return names.length === 0 ? null : names.map(unescape).join('::');
}

function unescape(name: string): string {
  // A name that would begin with an escape has an underscore before it.
  return name
    .replace(/^_\$/, '$')
    .replaceAll(/\$([A-Za-z]+[0-9a-f]*)\$/g, (whole, code: string) => escaped(code) ?? whole)
    .replaceAll('..', '::');
}

function escaped(code: string): string | null {
  if (Object.hasOwn(ESCAPES, code)) return ESCAPES[code] ?? null;
  const hex = /^u([0-9a-f]{1,6})$/.exec(code)?.[1];
  if (hex === undefined) return null;
  const point = Number.parseInt(hex, 16);
  return point > 0x10_ffff ? null : String.fromCodePoint(point);
}
