const MOST_LEVELS = 64;
const LONGEST_SHOWN = 60;

/**
 * What makes JSON mean different things to different readers (RFC 8259 §4, §6, §8.2; RFC 7493), in words;
 * `null` for nothing.
 *
 * @param text well-formed JSON
 */
export function findAmbiguity(text: string): string | null {
  /** The names of each object that is open, `null` for an array. */
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : null);
      if (open.length > MOST_LEVELS) return `it is nested deeper than ${MOST_LEVELS} levels`;
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, at);
      const raw = text.slice(at, end);
      const value = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
      if (!value.isWellFormed()) return 'a string has half a surrogate pair in it';
      const names = open.at(-1) ?? null;
      if (names !== null && isName(text, end)) {
        if (names.has(value)) return `${shown(value)} is given twice`;
        names.add(value);
      }
      at = end - 1;
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      const end = endOfNumber(text, at);
      if (!Number.isFinite(Number(text.slice(at, end)))) return 'a number is too large';
      at = end - 1;
    }
  }
  return null;
}

/** Behind the closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return at + 1;
    if (character === '\\') at += 1;
  }
}

function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (/[\d.eE+-]/.test(text.charAt(at))) at += 1;
  return at;
}

function isName(text: string, end: number): boolean {
  let at = end;
  while (/[ \t\r\n]/.test(text.charAt(at))) at += 1;
  return text.charAt(at) === ':';
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, LONGEST_SHOWN));
}
