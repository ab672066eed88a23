import type { Node } from 'jsonc-parser';
import { md5, toHex } from '../shared/index.ts';
import { type JsonValue, parseMachineConfig } from './document.ts';

/** Keys whose values are secrets in the configs of Viam and in those of its modules. */
const SECRET_KEY =
  /secret|passw|passphrase|passcode|(?:^|_)pass$|(?:^|_)pwd$|token|credential|payload|private_?key|api_?key|access_?key|^key$|psk|^auth$|authorization|bearer|cookie/i;

/** A path segment that is a token rather than a name: long, without a dot, letters and digits mixed. */
const TOKEN_SEGMENT = /^(?=[^/]*\d)(?=[^/]*[a-z])[\w~-]{20,}$/i;

/** Of a value that is shown in a message. */
const MOST_SHOWN = 200;

/** Stands for a secret; the mark in brackets is the same for the same secret, so that a change shows. */
function mask(secret: string): string {
  const mark = toHex(md5(new TextEncoder().encode(secret))).slice(0, 4);
  return `***(${mark})`;
}

/** A URL with its password, query values and path tokens masked. Anything else stays as it is. */
export function redactUrl(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(url);
  if (match === null) return url;
  const [, scheme = '', authority = '', path = '', query = '', fragment = ''] = match;
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const user = at === -1 ? '' : `${mask(authority.slice(0, at))}@`;
  const segments = path.split('/').map((part) => (TOKEN_SEGMENT.test(part) ? mask(part) : part));
  const values = query.replaceAll(/=([^&]+)/g, (_whole, value: string) => `=${mask(value)}`);
  const bare = query.includes('=') || query.length < 2 ? values : `?${mask(query.slice(1))}`;
  return scheme + user + host + segments.join('/') + bare + fragment;
}

/** A value that should be a URL or a tag, as JSON: short, and with the URLs in it masked. */
export function shownValue(value: JsonValue): string {
  const shown = redactText(JSON.stringify(value));
  return shown.length <= MOST_SHOWN ? shown : `${shown.slice(0, MOST_SHOWN)}…`;
}

/** The same value with every URL in it masked. */
export function redactValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') return redactUrl(value);
  if (Array.isArray(value)) return value.map(redactValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactValue(inner)]));
}

/** Any text, such as a log line of a device, with the URLs in it masked. */
export function redactText(text: string): string {
  return text.replaceAll(/[a-z][a-z0-9+.-]*:\/\/[^\s`'"<>]+/gi, (url) => redactUrl(url));
}

/**
 * The text of a machine config for people's eyes and for logs: secrets and URL tokens masked, all
 * else as it was, formatting included.
 */
export function redactConfig(text: string): string {
  const { tree } = parseMachineConfig(text);
  const masks: { offset: number; length: number; content: string }[] = [];
  walk(tree, false, ({ offset, length, value, type }, secret) => {
    const content = type === 'string' ? maskString(String(value), secret) : mask(String(value));
    if (content !== value) masks.push({ offset, length, content: JSON.stringify(content) });
  });
  const pieces: string[] = [];
  let end = 0;
  for (const { offset, length, content } of masks) {
    pieces.push(text.slice(end, offset), content);
    end = offset + length;
  }
  return pieces.join('') + text.slice(end);
}

function maskString(value: string, secret: boolean): string {
  if (secret && value !== '') return mask(value);
  return IS_URL.test(value) ? redactUrl(value) : redactText(value);
}

const IS_URL = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Calls `found` for every string, and for every other plain value below a secret's key. */
function walk(node: Node, secret: boolean, found: (leaf: Node, secret: boolean) => void): void {
  if (node.type === 'object') {
    for (const { children } of node.children ?? []) {
      const [key, value] = children ?? [];
      if (value !== undefined) walk(value, secret || SECRET_KEY.test(String(key?.value)), found);
    }
  } else if (node.type === 'array') {
    for (const child of node.children ?? []) walk(child, secret, found);
  } else if (node.type === 'string' || (secret && node.type === 'number')) {
    found(node, secret);
  }
}
