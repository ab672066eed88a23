import { z } from 'zod';
import { OPERATORS, READERS } from '../access/roles.ts';
import { anyId, chosenId, pageOf } from '../schemas/common.ts';
import { deviceSchema, deviceWithSecretSchema, explanationSchema } from '../schemas/devices.ts';
import { tagList } from '../schemas/things.ts';
import { defined, listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ deviceId: anyId });
const name = z.string().max(200);

/** Boards, their groups and credentials. */
export const DEVICE_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/devices',
    id: 'listDevices',
    summary: 'Devices',
    roles: READERS,
    query: listQuery({
      blueprintId: anyId.optional(),
      cohortId: anyId.optional(),
      tags: z.array(anyId).max(16).optional().describe('Devices that have all of these.'),
      enabled: z.boolean().optional(),
      search: z.string().min(1).max(100).optional().describe('Part of id or name.'),
    }),
    answer: { status: 200, schema: pageOf(deviceSchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.devices.list(filter, page);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/devices',
    id: 'createDevice',
    summary: 'Register a device; its secret is shown here and never again',
    roles: OPERATORS,
    body: z.strictObject({
      deviceId: chosenId,
      name: name.optional(),
      blueprintId: anyId.nullable().optional(),
      cohortId: anyId.nullable().optional(),
      tags: tagList.optional(),
    }),
    idempotent: true,
    answer: { status: 201, schema: deviceWithSecretSchema },
    handle: ({ fleet, actor, body }) => fleet.devices.create(actor, defined(body)),
  }),
  defineRoute({
    method: 'GET',
    path: '/devices/{deviceId}',
    id: 'getDevice',
    summary: 'A device',
    roles: READERS,
    params,
    answer: { status: 200, schema: deviceSchema },
    handle: ({ fleet, params }) => fleet.devices.get(params.deviceId),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/devices/{deviceId}',
    id: 'updateDevice',
    summary: 'Change a device, move it to a cohort, pin or disable it',
    roles: OPERATORS,
    params,
    body: z.strictObject({
      name: name.optional(),
      blueprintId: anyId.nullable().optional(),
      cohortId: anyId.nullable().optional(),
      enabled: z.boolean().optional(),
      pinnedDeploymentId: anyId.nullable().optional(),
      addTags: tagList.optional(),
      removeTags: tagList.optional(),
    }),
    conditional: true,
    answer: { status: 200, schema: deviceSchema },
    handle: ({ fleet, actor, params, body, revision }) =>
      fleet.devices.update(actor, params.deviceId, defined({ ...body, revision })),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/devices/{deviceId}',
    id: 'deleteDevice',
    summary: 'Remove a device',
    roles: OPERATORS,
    params,
    conditional: true,
    answer: { status: 204 },
    handle: ({ fleet, actor, params, revision }) =>
      fleet.devices.remove(actor, params.deviceId, revision),
  }),
  defineRoute({
    method: 'POST',
    path: '/devices/{deviceId}/secret',
    id: 'rotateDeviceSecret',
    summary: 'A new secret; the old one works until the device has used the new one',
    roles: OPERATORS,
    params,
    idempotent: true,
    answer: { status: 200, schema: deviceWithSecretSchema },
    handle: ({ fleet, actor, params }) => fleet.devices.rotateSecret(actor, params.deviceId),
  }),
  defineRoute({
    method: 'GET',
    path: '/devices/{deviceId}/explanation',
    id: 'explainDevice',
    summary: 'What the device should run and why, in words',
    roles: READERS,
    params,
    answer: { status: 200, schema: explanationSchema },
    handle: ({ fleet, params }) => fleet.devices.explain(params.deviceId),
  }),
];
