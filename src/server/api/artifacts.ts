import { z } from 'zod';
import type { NewArtifact } from '../../fleet/index.ts';
import { sendArtifact } from '../../serve/index.ts';
import { BUILD_READERS, OPERATORS, READERS, UPLOADERS } from '../access/roles.ts';
import { ServerError } from '../codes.ts';
import { anyId, pageOf, releaseNotes, sha256, version } from '../schemas/common.ts';
import { artifactSchema, NEW_ARTIFACT, newSignatureSchema } from '../schemas/things.ts';
import { defined, listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ artifactId: anyId });
const UPLOAD_RETRY_MS = 5000;

/** A signature in a query, where only text can stand. */
const signatureInQuery = z
  .string()
  .max(4096)
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('it is no JSON');
      return z.NEVER;
    }
  })
  .pipe(newSignatureSchema);

/** Bytes of package versions. */
export const ARTIFACT_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/artifacts',
    id: 'listArtifacts',
    summary: 'Artifacts',
    roles: BUILD_READERS,
    query: listQuery({
      packageId: anyId.optional(),
      version: version.optional(),
      blueprintId: anyId.optional(),
      sha256: sha256.optional(),
    }),
    answer: { status: 200, schema: pageOf(artifactSchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.artifacts.list(filter, page);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/artifacts',
    id: 'uploadArtifact',
    summary: 'Upload an artifact, or have it fetched',
    roles: UPLOADERS,
    query: z.strictObject({
      ...NEW_ARTIFACT,
      packageId: NEW_ARTIFACT.packageId.optional(),
      blueprintId: z.array(anyId).max(64).optional().describe('Each compatible blueprint.'),
      signature: z
        .array(signatureInQuery)
        .max(4)
        .optional()
        .describe('Each a signature as JSON, such as a file that `otakit sign sign` wrote.'),
    }),
    body: z.strictObject({
      ...NEW_ARTIFACT,
      sha256,
      blueprintIds: z.array(anyId).max(64).optional(),
      signatures: z.array(newSignatureSchema).max(16).optional(),
      artifactUri: z
        .string()
        .min(1)
        .max(2048)
        .describe('`https://`, `http://` or `s3://`: where to fetch the bytes.'),
    }),
    takesBytes: 'The bytes of the artifact; what is said of it goes into the query.',
    answer: { status: 201, schema: artifactSchema },
    handle: async ({ fleet, services, actor, query, body, bytes, request, signal }) => {
      using _place = services.uploads.enter(UPLOAD_RETRY_MS);
      if (bytes === null) {
        const { artifactUri, blueprintIds = [], signatures = [], ...rest } = defined(body);
        const fields = { ...rest, blueprintIds, signatures: signatures.map(defined) };
        return await fleet.artifacts.fetch(actor, fields, artifactUri, signal);
      }
      const {
        blueprintId: blueprintIds = [],
        signature: signatures = [],
        packageId,
        ...fields
      } = defined(query);
      if (packageId === undefined) {
        throw new ServerError('server/invalid-request', 'query: packageId is missing', {
          hint: 'Name the package: ?packageId=main.',
          details: { in: 'query', findings: [{ field: 'packageId', problem: 'missing' }] },
        });
      }
      const length = request.headers['content-length'];
      const announced: NewArtifact = {
        ...fields,
        packageId,
        blueprintIds,
        signatures: signatures.map(defined),
        ...(length === undefined ? {} : { sizeBytes: Number(length) }),
      };
      return await fleet.artifacts.upload(actor, announced, bytes, signal);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/artifacts/{artifactId}',
    id: 'getArtifact',
    summary: 'An artifact',
    roles: BUILD_READERS,
    params,
    answer: { status: 200, schema: artifactSchema },
    handle: ({ fleet, params }) => fleet.artifacts.get(params.artifactId),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/artifacts/{artifactId}',
    id: 'updateArtifact',
    summary: 'Change the release notes of an artifact; its bytes never change',
    roles: UPLOADERS,
    params,
    body: z.strictObject({ releaseNotes: releaseNotes.optional() }),
    conditional: true,
    answer: { status: 200, schema: artifactSchema },
    handle: ({ fleet, actor, params, body, revision }) =>
      fleet.artifacts.update(actor, params.artifactId, defined({ ...body, revision })),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/artifacts/{artifactId}',
    id: 'deleteArtifact',
    summary: 'Remove an artifact that no deployment has',
    roles: OPERATORS,
    params,
    conditional: true,
    answer: { status: 204 },
    handle: ({ fleet, actor, params, revision }) =>
      fleet.artifacts.remove(actor, params.artifactId, revision),
  }),
  defineRoute({
    method: 'POST',
    path: '/artifacts/{artifactId}/signatures',
    id: 'signArtifact',
    summary: 'Add a detached signature, which is verified first',
    roles: UPLOADERS,
    params,
    body: newSignatureSchema,
    answer: { status: 201, schema: artifactSchema },
    handle: ({ fleet, actor, params, body }) =>
      fleet.artifacts.addSignature(actor, params.artifactId, defined(body)),
  }),
  defineRoute({
    method: 'GET',
    path: '/artifacts/{artifactId}/content',
    id: 'downloadArtifact',
    summary: 'The bytes of an artifact, with ranges and conditions',
    roles: [...READERS, 'uploader'],
    params,
    answer: {
      status: 200,
      contentTypes: ['application/octet-stream'],
      description: 'The bytes; 206 for a range, 304 where the client has them, 416 beyond the end.',
    },
    handle: async ({ fleet, services, params, exchange }) => {
      await using artifact = await fleet.artifacts.open(params.artifactId);
      const { clock, watchdog, metrics, signal } = services;
      const outcome = await sendArtifact(exchange(), artifact, { clock, watchdog, signal });
      if (outcome.kind === 'delivered') {
        metrics.downloaded(outcome.range.end - outcome.range.start, 'delivered');
      } else if (outcome.kind === 'cut') {
        metrics.downloaded(outcome.sentBytes, 'cut');
      }
    },
  }),
];
