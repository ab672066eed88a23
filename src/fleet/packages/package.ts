/** What the bytes of a package are: an app image is checked as one, anything else is only carried. */
export type PackageKind = 'app-image' | 'binary';

/** An updatable component of a device: `main` (the application), a modem image, an ML model. */
export interface Package {
  /** Chosen by the user; `main` is what devices report without naming a package. */
  readonly packageId: string;
  readonly kind: PackageKind;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  /** Rises with every change; what `If-Match` is compared with. */
  readonly revision: number;
}
