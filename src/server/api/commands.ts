import { z } from 'zod';
import { OPERATORS, READERS } from '../access/roles.ts';
import { anyId, chosenId, pageOf } from '../schemas/common.ts';
import { commandSchema } from '../schemas/things.ts';
import { defined, listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

const YEAR_MS = 366 * 24 * 60 * 60 * 1000;
const filters = {
  states: z.array(commandSchema.shape.state).max(6).optional(),
  name: z.string().max(64).optional(),
} as const;

/** Instructions that wait for sleeping devices. */
export const COMMAND_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/commands',
    id: 'listCommands',
    summary: 'Commands of all devices',
    roles: READERS,
    query: listQuery({ ...filters, deviceId: anyId.optional() }),
    answer: { status: 200, schema: pageOf(commandSchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.commands.list(filter, page);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/devices/{deviceId}/commands',
    id: 'listDeviceCommands',
    summary: 'Commands of a device',
    roles: READERS,
    params: z.strictObject({ deviceId: anyId }),
    query: listQuery(filters),
    answer: { status: 200, schema: pageOf(commandSchema) },
    handle: async ({ fleet, params, query }) => {
      const { filter, page } = split(query);
      const { deviceId } = await fleet.devices.get(params.deviceId);
      return fleet.commands.list({ ...filter, deviceId }, page);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/devices/{deviceId}/commands',
    id: 'createCommand',
    summary: 'Give a device an instruction; it gets it when it next connects',
    roles: OPERATORS,
    params: z.strictObject({ deviceId: anyId }),
    body: z.strictObject({
      name: chosenId,
      payload: z.unknown().optional(),
      expiresInMs: z.int().min(1).max(YEAR_MS).optional(),
      maxDeliveries: z.int().min(1).max(1000).optional(),
    }),
    idempotent: true,
    answer: { status: 201, schema: commandSchema },
    handle: ({ fleet, actor, params, body }) =>
      fleet.commands.create(actor, params.deviceId, defined(body)),
  }),
  defineRoute({
    method: 'GET',
    path: '/commands/{commandId}',
    id: 'getCommand',
    summary: 'A command',
    roles: READERS,
    params: z.strictObject({ commandId: anyId }),
    answer: { status: 200, schema: commandSchema },
    handle: ({ fleet, params }) => fleet.commands.get(params.commandId),
  }),
  defineRoute({
    method: 'POST',
    path: '/commands/{commandId}/cancel',
    id: 'cancelCommand',
    summary: 'Take back a command that the device has not finished',
    roles: OPERATORS,
    params: z.strictObject({ commandId: anyId }),
    answer: { status: 200, schema: commandSchema },
    handle: ({ fleet, actor, params }) => fleet.commands.cancel(actor, params.commandId),
  }),
];
