/** Who did what. Written in the same transaction as what was done. */
export interface AuditEntry {
  /** Strictly rising. */
  readonly auditId: number;
  readonly atMs: number;
  /** `token:<id>`, `device:<id>` or `system`. */
  readonly actor: string;
  /** Such as `artifact.create`, `rollout.pause`. */
  readonly action: string;
  /** Such as `artifact/art_…`. */
  readonly subject: string;
  readonly details: Readonly<Record<string, unknown>>;
}
