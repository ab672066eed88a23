import { z } from 'zod';
import { ADMINS, OPERATORS } from '../access/roles.ts';
import { anyId, pageOf } from '../schemas/common.ts';
import { auditSchema, roleSchema, tokenSchema } from '../schemas/things.ts';
import { defined, listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ tokenId: anyId });
const TEN_YEARS_MS = 3660 * 24 * 60 * 60 * 1000;

/** Who may do what, and who did what. */
export const ACCESS_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/tokens',
    id: 'listTokens',
    summary: 'Access tokens, without their secrets',
    roles: ADMINS,
    query: listQuery({ role: roleSchema.optional() }),
    answer: { status: 200, schema: pageOf(tokenSchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.tokens.list(filter, page);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/tokens',
    id: 'createToken',
    summary: 'Create an access token; its secret is shown here and never again',
    roles: ADMINS,
    body: z.strictObject({
      name: z.string().min(1).max(200),
      role: roleSchema,
      expiresInMs: z.int().min(1000).max(TEN_YEARS_MS).optional(),
      provisions: z
        .strictObject({
          blueprintId: anyId.nullable().optional(),
          cohortId: anyId.nullable().optional(),
        })
        .optional()
        .describe('What devices become that a provisioner registers.'),
    }),
    idempotent: true,
    answer: { status: 201, schema: z.object({ token: tokenSchema, secret: z.string() }) },
    handle: ({ fleet, actor, body }) => {
      const { provisions, ...fields } = defined(body);
      return fleet.tokens.create(actor, {
        ...fields,
        ...(provisions === undefined ? {} : { provisions: defined(provisions) }),
      });
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/tokens/{tokenId}',
    id: 'getToken',
    summary: 'An access token, without its secret',
    roles: ADMINS,
    params,
    answer: { status: 200, schema: tokenSchema },
    handle: ({ fleet, params }) => fleet.tokens.get(params.tokenId),
  }),
  defineRoute({
    method: 'POST',
    path: '/tokens/{tokenId}/revoke',
    id: 'revokeToken',
    summary: 'The token stops working at once',
    roles: ADMINS,
    params,
    answer: { status: 200, schema: tokenSchema },
    handle: ({ fleet, actor, params }) => fleet.tokens.revoke(actor, params.tokenId),
  }),
  defineRoute({
    method: 'GET',
    path: '/audit',
    id: 'listAudit',
    summary: 'Who did what',
    roles: OPERATORS,
    query: listQuery({ actor: z.string().max(200).optional(), subject: anyId.optional() }),
    answer: { status: 200, schema: pageOf(auditSchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.audit.list(filter, page);
    },
  }),
];
