import { hash, timingSafeEqual } from 'node:crypto';

/** What a secret begins with, so that people and secret scanners know what they see. */
export type SecretPrefix = 'otk' | 'otd';

const SECRET_BYTES = 32;

/** A new secret, such as `otd_` and 43 letters: 256 random bits. */
export function newSecret(
  prefix: SecretPrefix,
  randomBytes: (count: number) => Uint8Array,
): string {
  return `${prefix}_${Buffer.from(randomBytes(SECRET_BYTES)).toString('base64url')}`;
}

/** What is stored of a secret: its SHA-256, lower-case hex. It is random, so no slow hash is needed. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** Whether two hashes of {@link hashSecret} are equal, in a time that says nothing about where not. */
export function sameHash(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
