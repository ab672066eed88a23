import { z } from 'zod';

/** A piece of the document. */
export type Json = Readonly<Record<string, unknown>>;

/** How every refusal is answered. */
export const PROBLEM_ANSWER = {
  description: 'What went wrong.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** The fields of a path or a query as parameters. */
export function parametersOf(
  fields: z.ZodObject | undefined,
  where: 'path' | 'query',
): readonly Json[] {
  if (fields === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(fields, 'input') as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

/** A shape as the document has it. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io }) as Record<string, unknown>;
  return json;
}
