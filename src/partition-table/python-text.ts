/**
 * ESP-IDF's generator is a Python script, and its CSV grammar is what Python's text functions do.
 * These are the parts of them that JavaScript does differently.
 */

// What str.isspace() says; JavaScript's trim() lacks 0x1c–0x1f and 0x85 and adds U+FEFF.
const SPACE =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING_SPACE = new RegExp(`^[${SPACE}]+`);
const TRAILING_SPACE = new RegExp(`(?<![${SPACE}])[${SPACE}]+$`);

/** How many characters of white space a text begins with. */
export function leadingSpace(text: string): number {
  return LEADING_SPACE.exec(text)?.[0].length ?? 0;
}

/** A text without white space at its ends. */
export function strip(text: string): string {
  return text.slice(leadingSpace(text)).replace(TRAILING_SPACE, '');
}

/** What ends a line: more than CR and LF. */
// oxlint-disable-next-line no-control-regex -- these are the control characters that end a line
export const LINE_ENDING = /\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]/g;

/**
 * `int(text, 0)`: decimal without leading zeros, 0x, 0o, 0b, a sign, single underscores between
 * digits, digits of any script; `null` where Python raises ValueError. Numbers beyond 2^53 lose
 * precision, which no caller minds: they are far out of range.
 */
export function parsePythonInt(text: string): number | null {
  const ascii = asciiDigits(strip(text));
  const match = /^([+-]?)(?:0(x)_?|0(o)_?|0(b)_?)?([0-9a-f]+(?:_[0-9a-f]+)*)$/i.exec(ascii);
  if (match === null) return null;
  const [, sign, hex, octal, binary, grouped = ''] = match;
  const digits = grouped.replaceAll('_', '');
  const [base, allowed] = hex
    ? [16, /^[0-9a-f]+$/i]
    : octal
      ? [8, /^[0-7]+$/]
      : binary
        ? [2, /^[01]+$/]
        : // A leading zero could be meant as octal; only zero itself may have them.
          [10, /^(?:0+|[1-9][0-9]*)$/];
  if (!allowed.test(digits)) return null;
  const value = Number.parseInt(digits, base);
  return sign === '-' && value !== 0 ? -value : value;
}

/** Digits of other scripts as ASCII ones. */
function asciiDigits(text: string): string {
  return text.replaceAll(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    if (code < 0x80) return digit;
    let first = code;
    while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
    return String((code - first) % 10);
  });
}

/**
 * `os.path.expandvars`: `$NAME` and `${NAME}` replaced where the variable is set, left alone where
 * it is not.
 */
export function expandVariables(
  text: string,
  variables: Readonly<Record<string, string | undefined>>,
): string {
  if (!text.includes('$')) return text;
  return text.replaceAll(/\$(?:(\w+)|\{([^}]*)\})/g, (whole, plain?: string, braced?: string) => {
    const name = plain ?? braced ?? '';
    return Object.hasOwn(variables, name) ? (variables[name] ?? whole) : whole;
  });
}
