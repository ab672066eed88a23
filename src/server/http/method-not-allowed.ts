import { ServerError } from '../codes.ts';

/** HTTP/2 takes any word for a method, of any length. */
export const LONGEST_METHOD = 20;

/** The refusal of a method that a path does not have. */
export function methodNotAllowed(method: string, allowed: readonly string[]): ServerError {
  const allow = allowed.join(', ');
  const takes = allow === '' ? 'nothing' : allow;
  const named = method.slice(0, LONGEST_METHOD);
  return new ServerError('server/method-not-allowed', `${named} is not possible here`, {
    hint: `This path takes ${takes}; GET /api/v1/openapi.json lists all paths.`,
    details: { allow },
  });
}
