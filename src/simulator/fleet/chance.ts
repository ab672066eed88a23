import { createHash } from 'node:crypto';

const DRAW_BYTES = 6;

/**
 * A number from 0 up to 1 that depends on its names alone, so that a fleet with the same seed meets the
 * same fate however its devices interleave.
 */
export function draw(...names: readonly (string | number)[]): number {
  const digest = createHash('sha256').update(names.join('\0')).digest();
  return digest.readUIntBE(0, DRAW_BYTES) / 2 ** (DRAW_BYTES * 8);
}
