/** Something that happened, for dashboards and webhooks; kept for replay and then forgotten. */
export interface FleetEvent {
  /** Strictly rising; the `id:` of server-sent events. */
  readonly eventId: number;
  readonly atMs: number;
  /** `<noun>.<what>`: `device.booted`, `rollout.paused`, `download.completed`, `artifact.created`, … */
  readonly type: string;
  readonly deviceId: string | null;
  readonly rolloutId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}
