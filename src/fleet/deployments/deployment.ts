/** An immutable bundle of artifacts. Going back is a new deployment with the old artifacts. */
export interface Deployment {
  readonly deploymentId: string;
  readonly name: string;
  /** Strictly rising over the whole fleet, starting at 1 and below 2^31 (devices hold it in an int32). */
  readonly sequence: number;
  /** At most one per package; sorted by package. */
  readonly components: readonly DeploymentComponent[];
  /** The deployment that this one goes back to, where it was made by a rollback. */
  readonly restores: string | null;
  readonly createdAtMs: number;
}

/** What is delivered: exactly one of a deployment that is there, or what a new one shall have. */
export interface Delivery {
  readonly deploymentId?: string;
  /**
   * By artifact ids, or `package@version` where that is one artifact. The deployment is made together with
   * what delivers it: where that is refused, there is none.
   */
  readonly components?: readonly string[];
}

/** One artifact of a bundle, with what a device needs to know before it asks for more. */
export interface DeploymentComponent {
  readonly packageId: string;
  readonly version: string;
  readonly artifactId: string;
}
