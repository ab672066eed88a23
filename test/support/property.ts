import { randomInt } from 'node:crypto';
import { configureGlobal } from 'fast-check';

export * from 'fast-check';

/**
 * Properties draw the same values in every run, so that what failed fails again and what passed stays
 * passed until somebody changes something. `OTAKIT_SEED` draws others: a number, or `random`.
 */
const wanted = process.env['OTAKIT_SEED'] ?? '2026';

export const SEED = wanted === 'random' ? randomInt(2 ** 31) : Number(wanted);

configureGlobal({ seed: SEED });
