import type { Command } from '../../../fleet/index.ts';

/** A command as a device sees it. */
export interface WireCommand {
  readonly command_id: string;
  readonly name: string;
  readonly payload: unknown;
  readonly created_at: string;
  readonly expires_at: string | null;
  /** 1 for the first time; higher when it was not acknowledged. */
  readonly delivery: number;
}

/** The part of a command that is the device's business. */
export function wireCommand(command: Command): WireCommand {
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
