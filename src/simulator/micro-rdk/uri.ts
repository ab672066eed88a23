/** A URL as the device takes it apart; nothing is normalized or decoded. */
export interface DeviceUri {
  /** In lower case where it is http or https; `null` in a bare `host:port`. */
  readonly scheme: string | null;
  /** With user info and port, whole. */
  readonly authority: string;
  /** The port, where the authority ends with one. */
  readonly port: number | null;
  /** Path and query, `/` where both are empty. */
  readonly path: string;
}

/** Why a text is no URI; the message is the library's own, which the device logs. */
export class InvalidUri extends Error {}

const MAX_URI_BYTES = 65_534;
const MAX_SCHEME_LENGTH = 64;
const SCHEME = /^[A-Za-z0-9+\-.]+$/;
const AUTHORITY_CHARACTER = /^[!#$&'()*+,\-./0-9:;=?@A-Z[\]_a-z~%]$/;
const PATH = /^["!$-;=@-_a-z{|}~\u007f-\uffff]*$/;
const QUERY = /^[!$-;=?-~\u007f-\uffff]*$/;

/**
 * Parses a URL by the rules of the device's library (the `http` crate of Rust), which differ from a
 * browser's: no relative references, no decoding, `#…` dropped, any scheme.
 *
 * @throws InvalidUri
 */
export function parseUri(text: string): DeviceUri | 'path-only' {
  if (Buffer.byteLength(text) > MAX_URI_BYTES) throw new InvalidUri('uri too long');
  if (text === '') throw new InvalidUri('empty string');
  if (text.startsWith('/')) {
    parsePath(text);
    return 'path-only';
  }
  if (text === '*') return 'path-only';
  const { scheme, rest } = splitScheme(text);
  const authorityLength = measureAuthority(rest);
  const authority = rest.slice(0, authorityLength);
  if (scheme === null) {
    if (authorityLength !== rest.length) throw new InvalidUri('invalid format');
    return { scheme, authority, port: portOf(authority), path: '/' };
  }
  if (authority === '') throw new InvalidUri('invalid format');
  const path = parsePath(rest.slice(authorityLength));
  return { scheme, authority, port: portOf(authority), path };
}

/** The URI as the device logs it. */
export function formatUri({ scheme, authority, path }: DeviceUri): string {
  if (scheme === null) return authority;
  return `${scheme}://${authority}${path.startsWith('?') ? `/${path}` : path}`;
}

/** The same URI with another authority; `null` where that is none. */
export function withAuthority(uri: DeviceUri, authority: string): DeviceUri | null {
  try {
    if (measureAuthority(authority) !== authority.length) return null;
  } catch {
    return null;
  }
  return { ...uri, authority, port: portOf(authority) };
}

function splitScheme(text: string): { readonly scheme: string | null; readonly rest: string } {
  const known = /^https?(?=:\/\/)/i.exec(text)?.[0];
  if (known !== undefined) {
    return { scheme: known.toLowerCase(), rest: text.slice(known.length + 3) };
  }
  const end = text.indexOf('://');
  const scheme = text.slice(0, Math.max(end, 0));
  if (end < 1 || !SCHEME.test(scheme)) return { scheme: null, rest: text };
  if (end > MAX_SCHEME_LENGTH) throw new InvalidUri('scheme too long');
  return { scheme, rest: text.slice(end + 3) };
}

/** How much of the text is the authority: everything before `/`, `?` or `#`. */
function measureAuthority(text: string): number {
  const end = /[/?#]/.exec(text)?.index ?? text.length;
  let colons = 0;
  let opened = false;
  let closed = false;
  let hasPercent = false;
  let atSign = -1;
  for (let index = 0; index < end; index += 1) {
    const character = text.charAt(index);
    if (!AUTHORITY_CHARACTER.test(character)) throw new InvalidUri('invalid uri character');
    if (character === ':') {
      colons += 1;
      if (colons >= 8) throw new InvalidUri('invalid authority');
    } else if (character === '[') {
      if (hasPercent || opened) throw new InvalidUri('invalid authority');
      opened = true;
    } else if (character === ']') {
      if (closed) throw new InvalidUri('invalid authority');
      closed = true;
      // Only colons after an IPv6 address can start a port.
      colons = 0;
      hasPercent = false;
    } else if (character === '@') {
      atSign = index;
      colons = 0;
      hasPercent = false;
    } else if (character === '%') {
      hasPercent = true;
    }
  }
  const userInfoOnly = end > 0 && atSign === end - 1;
  if (opened !== closed || colons > 1 || userInfoOnly || hasPercent) {
    throw new InvalidUri('invalid authority');
  }
  return end;
}

function portOf(authority: string): number | null {
  const digits = /:\+?(\d+)$/.exec(authority)?.[1];
  const port = Number(digits);
  return digits === undefined || port > 65_535 ? null : port;
}

function parsePath(text: string): string {
  const withoutFragment = text.split('#', 1)[0] ?? '';
  const queryStart = withoutFragment.indexOf('?');
  const path = queryStart < 0 ? withoutFragment : withoutFragment.slice(0, queryStart);
  const query = queryStart < 0 ? '' : withoutFragment.slice(queryStart + 1);
  if (!PATH.test(path) || !QUERY.test(query)) throw new InvalidUri('invalid uri character');
  return withoutFragment === '' ? '/' : withoutFragment;
}
