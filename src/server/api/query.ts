import { z } from 'zod';
import type { PageRequest } from '../../fleet/index.ts';
import { ServerError } from '../codes.ts';
import { validate } from '../http/validate.ts';
import type { Fields } from './route.ts';

const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;

const PAGING = {
  page: z.int().min(0).max(10_000_000).default(0).describe('Which page, from 0.'),
  perPage: z.int().min(1).max(1000).default(50).describe('How many things on a page.'),
  sort: z
    .string()
    .regex(/^-?[A-Za-z]{1,40}$/)
    .optional()
    .describe('A field to sort by, with `-` in front for descending.'),
} as const;

/** The query of a list: its filters, and which page of it. */
export function listQuery<Filters extends z.ZodRawShape>(filters: Filters) {
  return z.strictObject({ ...PAGING, ...filters });
}

/** The query in the two parts that services take. */
export function split<Query extends { page: number; perPage: number; sort?: string | undefined }>(
  query: Query,
): { filter: Defined<Omit<Query, 'page' | 'perPage' | 'sort'>>; page: PageRequest } {
  const { page, perPage, sort, ...filter } = query;
  return {
    filter: defined(filter),
    page: { page, perPage, ...(sort === undefined ? {} : { sort }) },
  };
}

/** The same fields, where those that may be missing are missing rather than `undefined`. */
export type Defined<Value> = {
  [Key in keyof Value]: undefined extends Value[Key] ? Exclude<Value[Key], undefined> : Value[Key];
};

/** Leaves out the fields that are `undefined`. */
export function defined<Value extends object>(value: Value): Defined<Value> {
  const kept = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(kept) as Defined<Value>;
}

/** A query in the form of a shape; a name given twice must be a list there. */
export function parseQuery<Query extends Fields>(
  shape: Query,
  given: URLSearchParams,
): z.output<Query> {
  const values: [string, unknown][] = [];
  for (const name of new Set(given.keys())) {
    const texts = given.getAll(name);
    const field = shape.shape[name] as z.core.$ZodType | undefined;
    const bare = field === undefined ? undefined : unwrap(field);
    if (bare instanceof z.ZodArray) {
      values.push([name, texts.map((one) => typed(unwrap(bare.element), one))]);
    } else if (texts.length > 1) {
      throw new ServerError('server/invalid-request', `query: ${name} is given more than once`, {
        hint: 'Give it once.',
        details: { in: 'query', findings: [{ field: name, problem: 'given more than once' }] },
      });
    } else {
      values.push([name, typed(bare, texts[0] ?? '')]);
    }
  }
  return validate(shape, Object.fromEntries(values), 'query');
}

function unwrap(field: z.core.$ZodType): z.core.$ZodType {
  if (field instanceof z.ZodOptional || field instanceof z.ZodDefault)
    return unwrap(field.unwrap());
  return field;
}

/** Everything in a query is text: numbers and booleans are read here, where the shape has them. */
function typed(field: z.core.$ZodType | undefined, text: string): unknown {
  if (field instanceof z.ZodNumber) return NUMBER.test(text) ? Number(text) : text;
  if (field instanceof z.ZodBoolean)
    return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}
