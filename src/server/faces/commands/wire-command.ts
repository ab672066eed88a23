import { z } from 'zod';
import type { Command } from '../../../fleet/index.ts';

/** A command as a device sees it. */
export const wireCommandSchema = z.object({
  command_id: z.string(),
  name: z.string(),
  payload: z.unknown(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  delivery: z.int().min(1).describe('1 for the first time; higher when it was not acknowledged.'),
});

/** The part of a command that is the device's business. */
export function wireCommand(command: Command): z.output<typeof wireCommandSchema> {
  const { commandId, name, payload, createdAtMs, expiresAtMs, deliveries } = command;
  return {
    command_id: commandId,
    name,
    payload: payload ?? null,
    created_at: new Date(createdAtMs).toISOString(),
    expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    delivery: deliveries,
  };
}
