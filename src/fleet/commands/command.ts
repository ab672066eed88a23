/** A persistent instruction to one device, delivered when it next connects. */
export interface Command {
  readonly commandId: string;
  readonly deviceId: string;
  /** `ota_start`, `ota_rollback`, `reboot`, or a word of the user's own. */
  readonly name: string;
  /** Any JSON value, at most 4 KiB of text. */
  readonly payload: unknown;
  readonly state: CommandState;
  /** How often it was handed out; a command that is not acknowledged is delivered again. */
  readonly deliveries: number;
  readonly maxDeliveries: number;
  /** Handed out but not acknowledged: not before this again. */
  readonly redeliverAtMs: number | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly deliveredAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** What the device answered. */
  readonly result: unknown;
}

/** `queued` until it is handed out, `delivered` until it is acknowledged; the rest are ends. */
export type CommandState =
  | 'queued'
  | 'delivered'
  | 'succeeded'
  | 'failed'
  | 'expired'
  | 'cancelled';
