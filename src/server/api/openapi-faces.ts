import type { Face, FaceRoute } from '../faces/face.ts';
import type { FaceCredential, FaceDescription } from '../faces/face-description.ts';
import { type Json, jsonSchema, parametersOf, PROBLEM_ANSWER } from './openapi-parts.ts';

/** Who may, in the words of the document's `securitySchemes`. */
const SECURITY: Readonly<Record<FaceCredential, readonly Json[]>> = {
  device: [{ device: [] }, { deviceBasic: [] }],
  provisioner: [{ token: [] }],
  reader: [{ token: [] }],
  none: [],
};

/** What devices and whoever looks after the server ask, as paths of the document. */
export function facePaths(faces: readonly Face[]): readonly (readonly [string, string, Json])[] {
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
export function besideManagement(management: Json, device: Json): Json {
  const [mine, theirs] = [management, device] as unknown as readonly SharedOperation[];
  const content = 'application/json';
  const schemas = [mine, theirs].map((one) => one?.responses['200']?.content?.[content]?.schema);
  return {
    ...management,
    summary: `${mine?.summary}; with the credential of the device: ${theirs?.summary}`,
    tags: [...(mine?.tags ?? []), ...(theirs?.tags ?? [])],
    security: [{ token: [] }, ...(theirs?.security ?? [])],
    parameters: [
      ...(mine?.parameters ?? []),
      ...(theirs?.parameters ?? []).filter(({ name }) =>
        mine?.parameters?.every((own) => own.name !== name),
      ),
    ],
    responses: {
      ...mine?.responses,
      200: {
        ...mine?.responses['200'],
        content: {
          ...theirs?.responses['200']?.content,
          [content]: { schema: { anyOf: schemas } },
        },
      },
    },
  };
}

/** As far as two operations have to be taken apart. */
interface SharedOperation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly Json[];
  readonly parameters?: readonly { readonly name: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Json }>> }>
  >;
}

function operation(
  face: Face,
  route: FaceRoute,
  { id, summary, credential, query, body, isBodyOptional, answers }: FaceDescription,
): Json {
  const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
  const parameters = [
    ...names.map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string', minLength: 1 },
    })),
    ...parametersOf(query, 'query'),
  ];
  const responses = Object.entries(answers).map(([status, { description, content = {} }]) => [
    status,
    {
      description,
      content: Object.fromEntries(
        Object.entries(content).map(([type, schema]) => [
          type,
          schema === null ? {} : { schema: jsonSchema(schema, 'output') },
        ]),
      ),
    },
  ]);
  const contents = Object.entries(body ?? {}).map(([type, schema]) => [
    type,
    { schema: jsonSchema(schema, 'input') },
  ]);
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
            content: Object.fromEntries(contents) as Json,
          },
        }),
    responses: {
      ...(Object.fromEntries(responses) as Json),
      ...(credential === 'none' ? {} : { 401: PROBLEM_ANSWER }),
      default: PROBLEM_ANSWER,
    },
  };
}
