import type { z } from 'zod';
import type { Face, FaceRoute } from '../faces/face.ts';
import type { FaceAnswer, FaceCredential, FaceDescription } from '../faces/face-description.ts';
import {
  type DescribedAnswer,
  type Json,
  jsonSchema,
  type Operation,
  parametersOf,
  PROBLEM_ANSWER,
} from './openapi-parts.ts';

const JSON_TYPE = 'application/json';

/** Who may, in the words of the document's `securitySchemes`. */
const SECURITY: Readonly<Record<FaceCredential, readonly Json[]>> = {
  device: [{ device: [] }, { deviceBasic: [] }],
  provisioner: [{ token: [] }],
  reader: [{ token: [] }],
  none: [],
};

/** What devices and whoever looks after the server ask, as paths of the document. */
export function facePaths(
  faces: readonly Face[],
): readonly (readonly [string, string, Operation])[] {
  return faces.flatMap((face) =>
    face.routes.flatMap((route) => {
      const { path, method, description } = route;
      if (description === undefined) return [];
      const described = operation(face, route, description);
      return [[path.replaceAll(/:(\w+)/g, '{$1}'), method.toLowerCase(), described] as const];
    }),
  );
}

/** One operation out of two that share path and method: whose credential comes decides which is answered. */
export function besideManagement(management: Operation, device: Operation): Operation {
  const own = management.parameters ?? [];
  const others = (device.parameters ?? []).filter(({ name }) =>
    own.every((one) => one.name !== name),
  );
  const [mine, theirs] = [management.responses['200'], device.responses['200']];
  const anyOf = [mine, theirs].map((one) => one?.content?.[JSON_TYPE]?.schema);
  return {
    ...management,
    summary: `${management.summary}; with the credential of the device: ${device.summary}`,
    tags: [...management.tags, ...device.tags],
    security: [{ token: [] }, ...(device.security ?? [])],
    parameters: [...own, ...others],
    responses: {
      ...management.responses,
      200: {
        description: mine?.description ?? '',
        content: { ...theirs?.content, [JSON_TYPE]: { schema: { anyOf } } },
      },
    },
  };
}

function operation(
  face: Face,
  route: FaceRoute,
  { id, summary, credential, query, body, isBodyOptional, answers }: FaceDescription,
): Operation {
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  const parameters = [
    ...names.map((name) => ({
      name,
      in: 'path' as const,
      required: true,
      schema: { type: 'string', minLength: 1 },
    })),
    ...parametersOf(query, 'query'),
  ];
  return {
    operationId: id,
    summary,
    tags: [face.name === 'system' ? 'system' : 'device'],
    security: SECURITY[credential],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: isBodyOptional !== true,
            content: mapValues(body, (schema) => ({ schema: jsonSchema(schema, 'input') })),
          },
        }),
    responses: {
      ...mapValues(answers, describedAnswer),
      ...(credential === 'none' ? {} : { 401: PROBLEM_ANSWER }),
      default: PROBLEM_ANSWER,
    },
  };
}

function describedAnswer({ description, content = {} }: FaceAnswer): DescribedAnswer {
  const described = (schema: z.ZodType | null) =>
    schema === null ? {} : { schema: jsonSchema(schema, 'output') };
  return { description, content: mapValues(content, described) };
}

function mapValues<Value, Mapped>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Mapped,
): Readonly<Record<string, Mapped>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
