/** The older model: a deployment aimed by blueprint and device tags, switched on and off. */
export interface Release {
  readonly releaseId: string;
  readonly deploymentId: string;
  /** Strictly rising: the newest enabled release that matches a device counts. */
  readonly sequence: number;
  /** Names for people, each unique over all releases; sorted. */
  readonly releaseTags: readonly string[];
  /** A device matches when it has all of them; none means every device. Sorted. */
  readonly deviceTags: readonly string[];
  /** `null` matches every blueprint. */
  readonly blueprintId: string | null;
  /** Golioth's `rollout` switch. */
  readonly enabled: boolean;
  readonly createdAtMs: number;
  readonly revision: number;
}
