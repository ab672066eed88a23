/** Devices that receive the same deployments. A device is in at most one. */
export interface Cohort {
  /** Chosen by the user, such as `production`. */
  readonly cohortId: string;
  readonly description: string;
  /** What its devices run outside a rollout; a rollout that completes moves it on. */
  readonly activeDeploymentId: string | null;
  readonly createdAtMs: number;
  readonly revision: number;
}
