import { printable } from '../../shared/index.ts';

/** A colour or weight (SGR), the one kind of escape sequence that cannot harm a terminal. */
// oxlint-disable-next-line no-control-regex -- escape sequences are what this is about
const COLOUR = /\u001b\[[0-9;]*m/g;

/** What a board printed, without its colours and with all other control characters as `\xNN`. */
export function plainText(text: string): string {
  return escaped(text.replaceAll(COLOUR, ''));
}

/** The same with its colours kept, and ended at the end of the line. */
export function colouredText(text: string): string {
  const colours = text.match(COLOUR) ?? [];
  const parts = text.split(COLOUR).map(escaped);
  const kept = parts.map((part, index) => part + (colours[index] ?? '')).join('');
  const last = colours.at(-1);
  return last === undefined || last === '\u001b[0m' || last === '\u001b[m'
    ? kept
    : `${kept}\u001b[0m`;
}

/** Whether a line brings colours of its own. */
export function hasColours(text: string): boolean {
  return text.search(COLOUR) >= 0;
}

/** Tabs are harmless and common in tables. */
function escaped(text: string): string {
  return text.split('\t').map(printable).join('\t');
}
