import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { momentAfter, mustExist } from '../entity.ts';
import type { CommandService } from '../fleet.ts';
import { newId } from '../ids.ts';
import type { Command, CommandState } from './command.ts';

const NAME = /^[a-z][a-z0-9_.-]{0,63}$/;
const LARGEST_PAYLOAD = 4096;
const DEFAULT_DELIVERIES = 10;
const MOST_DELIVERIES = 1000;

/** After being handed out without an answer: first after this, then twice as long each time, … */
const REDELIVER_FIRST_MS = 60_000;

/** … up to this. */
const REDELIVER_LAST_MS = 24 * 3_600_000;

/** Commands that are expired in one transaction. */
const BATCH = 500;

const ENDS: ReadonlySet<CommandState> = new Set(['succeeded', 'failed', 'expired', 'cancelled']);

/** Instructions that wait for sleeping devices. */
export function createCommandService(context: FleetContext): CommandService {
  const { store, change, clock, randomBytes } = context;
  const { commands } = store.read;
  return {
    get: async (commandId) => mustExist(await commands.get(commandId), 'command', commandId),
    list: (filter, page) => commands.list(filter, page),
    create: (actor, deviceId, { name, payload = null, expiresInMs, maxDeliveries }) =>
      change(actor, async ({ repositories, audit, event, news, atMs }) => {
        mustExist(await repositories.devices.get(deviceId), 'device', deviceId);
        const command: Command = {
          commandId: newId('cmd', randomBytes),
          deviceId,
          name: checkName(name),
          payload: checkPayload('payload', payload),
          state: 'queued',
          deliveries: 0,
          maxDeliveries:
            checkNumber('maxDeliveries', maxDeliveries, MOST_DELIVERIES) ?? DEFAULT_DELIVERIES,
          redeliverAtMs: null,
          createdAtMs: atMs,
          expiresAtMs: momentAfter(atMs, 'expiresInMs', expiresInMs),
          deliveredAtMs: null,
          finishedAtMs: null,
          result: null,
        };
        await repositories.commands.insert(command);
        audit('command.create', `command/${command.commandId}`, { deviceId, name });
        event('command.queued', { deviceId, data: { commandId: command.commandId, name } });
        news([deviceId]);
        return command;
      }),
    cancel: (actor, commandId) =>
      change(actor, async ({ repositories, audit, event, atMs }) => {
        const before = mustExist(await repositories.commands.get(commandId), 'command', commandId);
        if (ENDS.has(before.state)) {
          throw new FleetError('fleet/wrong-state', `Command ${commandId} is ${before.state}.`, {
            hint: 'What has been done cannot be taken back.',
            details: { commandId, state: before.state },
          });
        }
        const command: Command = { ...before, state: 'cancelled', finishedAtMs: atMs };
        await repositories.commands.update(command);
        audit('command.cancel', `command/${commandId}`);
        event('command.cancelled', { deviceId: command.deviceId, data: { commandId } });
        return command;
      }),
    deliver: async (deviceId) => {
      // Most contacts find nothing; those shall not cost a transaction.
      if ((await commands.deliverable(deviceId, clock.now())).length === 0) return [];
      return await change(`device:${deviceId}`, async ({ repositories, event, atMs }) => {
        const handed: Command[] = [];
        for (const before of await repositories.commands.deliverable(deviceId, atMs)) {
          const command = delivered(before, atMs);
          await repositories.commands.update(command);
          const { commandId, name, state, deliveries } = command;
          const type = state === 'delivered' ? 'command.delivered' : 'command.failed';
          event(type, { deviceId, data: { commandId, name, deliveries } });
          if (state === 'delivered') handed.push(command);
        }
        return handed;
      });
    },
    acknowledge: (deviceId, commandId, { succeeded, result = null }) =>
      change(`device:${deviceId}`, async ({ repositories, event, atMs }) => {
        const found = await repositories.commands.get(commandId);
        const before = mustExist(found?.deviceId === deviceId ? found : null, 'command', commandId);
        if (ENDS.has(before.state)) return before;
        const state = succeeded ? 'succeeded' : 'failed';
        const command: Command = {
          ...before,
          state,
          redeliverAtMs: null,
          finishedAtMs: atMs,
          result: checkPayload('result', result),
        };
        await repositories.commands.update(command);
        event(`command.${state}`, { deviceId, data: { commandId, name: command.name } });
        return command;
      }),
    expire: () =>
      change('system', async ({ repositories, event, atMs }) => {
        const over = await repositories.commands.expired(atMs, BATCH);
        for (const before of over) {
          await repositories.commands.update({ ...before, state: 'expired', finishedAtMs: atMs });
          const { commandId, deviceId, name } = before;
          event('command.expired', { deviceId, data: { commandId, name } });
        }
        return over.length;
      }),
  };
}

/** Handed out once more, or given up when that was tried often enough. */
function delivered(command: Command, atMs: number): Command {
  if (command.deliveries >= command.maxDeliveries) {
    const result = { error: `not answered after ${command.deliveries} deliveries` };
    return { ...command, state: 'failed', redeliverAtMs: null, finishedAtMs: atMs, result };
  }
  const waitMs = Math.min(REDELIVER_FIRST_MS * 2 ** command.deliveries, REDELIVER_LAST_MS);
  return {
    ...command,
    state: 'delivered',
    deliveries: command.deliveries + 1,
    deliveredAtMs: atMs,
    redeliverAtMs: atMs + waitMs,
  };
}

function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new FleetError('fleet/invalid', `${JSON.stringify(name.slice(0, 80))} is no command.`, {
    hint: 'Take up to 64 lower-case letters, digits, "_", "." or "-", starting with a letter.',
    details: { field: 'name' },
  });
}

function checkPayload(field: string, payload: unknown): unknown {
  const { length } = Buffer.from(JSON.stringify(payload) ?? 'null');
  if (length <= LARGEST_PAYLOAD) return payload;
  throw new FleetError(
    'fleet/invalid',
    `${field} has ${length} bytes as JSON, and ${LARGEST_PAYLOAD} is the most.`,
    { hint: 'Put large things into an artifact, and its id here.', details: { field, length } },
  );
}

function checkNumber(field: string, value: number | undefined, most: number): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= most)) {
    return value;
  }
  throw new FleetError(
    'fleet/invalid',
    `${field} is ${value}, not a whole number from 1 to ${most}.`,
    { hint: `Give whole numbers from 1 to ${most}.`, details: { field, value } },
  );
}
