import type { Role } from '../../fleet/index.ts';

/** Who may do something; the routes name one of these sets. */
export type Roles = readonly Role[];

/** Everybody who looks after the fleet. */
export const READERS: Roles = ['admin', 'operator', 'viewer'];
/** What CI has to see as well, to know whether a version is there already. */
export const BUILD_READERS: Roles = [...READERS, 'uploader'];
/** Who brings in artifacts. */
export const UPLOADERS: Roles = ['admin', 'operator', 'uploader'];
/** Who runs the fleet. */
export const OPERATORS: Roles = ['admin', 'operator'];
/** Who handles tokens, keys, webhooks and backups. */
export const ADMINS: Roles = ['admin'];
