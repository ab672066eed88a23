import { z } from 'zod';
import { API_ROOT } from './mount.ts';
import { besideManagement, facePaths } from './openapi-faces.ts';
import {
  type DescribedAnswer,
  type Json,
  jsonSchema,
  type Operation,
  type Parameter,
  parametersOf,
  PROBLEM_ANSWER,
} from './openapi-parts.ts';
import type { Route } from './route.ts';
import type { Face } from '../faces/face.ts';

const PROBLEM = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('Stable: `module/what-is-wrong`.'),
    hint: z.string().optional().describe('What to do next.'),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .describe('RFC 9457.');

const IF_MATCH: Parameter = {
  name: 'If-Match',
  in: 'header',
  description: 'The ETag that was read: refused with 412 when somebody changed it since.',
  schema: { type: 'string' },
};

const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'A repeat with the same key gets the same answer instead of a second thing.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
};

/** The OpenAPI 3.1 document of these routes and device protocols, from the very schemas that check requests and answers. */
export function openApiDocument(
  routes: readonly Route[],
  faces: readonly Face[],
  version: string,
): Json {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = `${API_ROOT}${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  for (const [path, method, described] of facePaths(faces)) {
    const there = paths[path]?.[method];
    const both = there === undefined ? described : besideManagement(there, described);
    paths[path] = { ...paths[path], [method]: both };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'otakit fleet server',
      version,
      description:
        'Packages, artifacts, deployments, cohorts and rollouts. Times are milliseconds since the Unix epoch.',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'otk_…' },
        device: { type: 'http', scheme: 'bearer', bearerFormat: 'otd_…' },
        deviceBasic: {
          type: 'http',
          scheme: 'basic',
          description: 'The id of the device and its secret.',
        },
      },
      schemas: { Problem: jsonSchema(PROBLEM, 'output') },
    },
  };
}

function operation(route: Route): Operation {
  const { id, summary, roles, body, takesBytes, answer } = route;
  const parameters = [
    ...parametersOf(route.params, 'path'),
    ...parametersOf(route.query, 'query'),
    ...(route.conditional ? [IF_MATCH] : []),
    ...(route.idempotent ? [IDEMPOTENCY_KEY] : []),
  ];
  const content: Record<string, Json> = {};
  if (body !== undefined) content['application/json'] = { schema: jsonSchema(body, 'input') };
  if (takesBytes !== undefined) content['application/octet-stream'] = { schema: {} };
  const isBodyOptional =
    body !== undefined && takesBytes === undefined && body.safeParse({}).success;
  return {
    operationId: id,
    summary,
    tags: ['management'],
    ...(roles === null ? { security: [] } : { 'x-roles': roles }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(Object.keys(content).length === 0
      ? {}
      : { requestBody: { required: !isBodyOptional, content } }),
    responses: {
      [answer.status]: success(answer),
      ...('contentTypes' in answer ? { 206: PARTIAL, 304: UNCHANGED, 416: PROBLEMATIC_RANGE } : {}),
      ...(roles === null ? {} : { 401: PROBLEM_ANSWER, 403: PROBLEM_ANSWER }),
      default: PROBLEM_ANSWER,
    },
  };
}

const PARTIAL = { description: 'A range.', content: { 'application/octet-stream': {} } };
const UNCHANGED = { description: 'The client has it.' };
const PROBLEMATIC_RANGE = {
  description: 'A range beyond the end.',
  content: { 'text/plain': { schema: { type: 'string' } } },
};

function success(answer: Route['answer']): DescribedAnswer {
  if ('contentTypes' in answer) {
    const content = answer.contentTypes.map((type) => {
      const schema = answer.schemas?.[type];
      return [type, schema === undefined ? {} : { schema: jsonSchema(schema, 'output') }];
    });
    return { description: answer.description, content: Object.fromEntries(content) };
  }
  const description = answer.description ?? (answer.status === 204 ? 'Done.' : 'Done; what it is.');
  if (answer.schema === undefined) return { description };
  return {
    description,
    content: { 'application/json': { schema: jsonSchema(answer.schema, 'output') } },
  };
}
