import type { z } from 'zod';
import { ServerError } from '../codes.ts';

/** More findings than this help nobody, and a hostile body can have millions. */
const MOST_FINDINGS = 20;

/**
 * The value in the form of a shape, or an error that names every field that is wrong.
 *
 * @param where `body`, `query` or `path`, for the message
 * @throws ServerError `server/invalid-request`
 */
export function validate<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  where: 'body' | 'query' | 'path' | 'headers',
): z.output<Shape> {
  const result = shape.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const findings = result.error.issues.slice(0, MOST_FINDINGS).map((issue) => ({
    field: issue.path.map(String).join('.'),
    problem: problemText(issue),
  }));
  const first = findings[0];
  const named = first === undefined || first.field === '' ? where : `${where}: ${first.field}`;
  const more = result.error.issues.length - 1;
  const rest = more > 0 ? ` (and ${more} more)` : '';
  throw new ServerError('server/invalid-request', `${named}: ${first?.problem ?? ''}${rest}`, {
    hint: 'GET /api/v1/openapi.json describes what each path takes.',
    details: { in: where, findings },
  });
}

/** What is wrong with a field, in words for whoever sent it. */
function problemText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined ? 'is missing' : `must be ${typeWord(issue.expected)}`;
  }
  if (issue.code === 'too_small')
    return `must be ${issue.minimum} or more${sizeWord(issue.origin)}`;
  if (issue.code === 'too_big') return `must be ${issue.maximum} or less${sizeWord(issue.origin)}`;
  if (issue.code === 'invalid_value')
    return `must be one of ${issue.values.map(String).join(', ')}`;
  return issue.message;
}

function typeWord(expected: string): string {
  if (expected === 'int') return 'a whole number';
  return `${/^[aeio]/.test(expected) ? 'an' : 'a'} ${expected}`;
}

/** What a size is counted in, where it is not the value itself. */
function sizeWord(origin: string): string {
  return (
    { string: ' characters', array: ' entries', set: ' entries', map: ' entries' }[origin] ?? ''
  );
}
