import { ServerError } from '../codes.ts';
import { findAmbiguity } from './json-ambiguity.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Reads JSON that every reader takes for the same.
 *
 * @throws ServerError `server/bad-request` for what is no UTF-8, no JSON, or JSON that means something
 * else to the next reader: names given twice, numbers beyond doubles, half characters, deep nesting
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  let value: unknown;
  try {
    text = UTF8.decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof SyntaxError ? cause.message : 'it is not UTF-8';
    throw new ServerError('server/bad-request', `the body is no JSON: ${why}`, {
      hint: 'Send one JSON value, encoded as UTF-8.',
      cause,
    });
  }
  const ambiguity = findAmbiguity(text);
  if (ambiguity === null) return value;
  throw new ServerError('server/bad-request', `the body is no JSON to rely on: ${ambiguity}`, {
    hint: 'Send each name once, in at most 64 levels, with numbers that a double can hold.',
  });
}
