/**
 * What a token may do. `viewer` reads, `uploader` (for CI) also adds artifacts and reads packages,
 * `operator` runs the fleet, `admin` also handles tokens, keys and webhooks. `provisioner` can do one
 * thing only: register a device that does not exist yet.
 */
export type Role = 'admin' | 'operator' | 'viewer' | 'uploader' | 'provisioner';

/** A credential for people, CI and first contact of devices; only its hash is stored. */
export interface AccessToken {
  readonly tokenId: string;
  readonly name: string;
  readonly role: Role;
  /** For a provisioner: what the devices it registers become; ignored otherwise. */
  readonly provisions: { readonly blueprintId: string | null; readonly cohortId: string | null };
  /** SHA-256 of the token, lower-case hex. */
  readonly secretHash: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}
