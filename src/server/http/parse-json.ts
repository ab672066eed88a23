import { ServerError } from '../codes.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** @throws ServerError `server/bad-request` for what is no UTF-8 or no JSON */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? cause.message : 'it is not UTF-8';
    throw new ServerError('server/bad-request', `the body is no JSON: ${why}`, {
      hint: 'Send one JSON value, encoded as UTF-8.',
      cause,
    });
  }
}
