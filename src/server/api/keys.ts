import { z } from 'zod';
import { ADMINS, BUILD_READERS } from '../access/roles.ts';
import { anyId, pageOf } from '../schemas/common.ts';
import { keySchema } from '../schemas/things.ts';
import { listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ keyId: anyId });

/** The public keys whose signatures count. */
export const KEY_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/keys',
    id: 'listKeys',
    summary: 'Public keys whose signatures count',
    roles: BUILD_READERS,
    query: listQuery({ revoked: z.boolean().optional() }),
    answer: { status: 200, schema: pageOf(keySchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.keys.list(filter, page);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/keys',
    id: 'addKey',
    summary: 'Register a public key',
    roles: ADMINS,
    body: z.strictObject({
      name: z.string().min(1).max(200),
      publicKey: z.string().min(1).max(4096).describe('PEM, `-----BEGIN PUBLIC KEY-----`.'),
    }),
    idempotent: true,
    answer: { status: 201, schema: keySchema },
    handle: ({ fleet, actor, body }) => fleet.keys.add(actor, body),
  }),
  defineRoute({
    method: 'GET',
    path: '/keys/{keyId}',
    id: 'getKey',
    summary: 'A public key',
    roles: BUILD_READERS,
    params,
    answer: { status: 200, schema: keySchema },
    handle: ({ fleet, params }) => fleet.keys.get(params.keyId),
  }),
  defineRoute({
    method: 'POST',
    path: '/keys/{keyId}/revoke',
    id: 'revokeKey',
    summary: 'No signature of this key counts any more',
    roles: ADMINS,
    params,
    answer: { status: 200, schema: keySchema },
    handle: ({ fleet, actor, params }) => fleet.keys.revoke(actor, params.keyId),
  }),
];
