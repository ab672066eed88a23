import type { ErrorKind } from '../shared/index.ts';

/** What the process says when it ends. Documented in the README; scripts depend on the numbers. */
export const EXIT = {
  done: 0,
  usage: 2,
  input: 3,
  device: 4,
  network: 5,
  verification: 6,
  bug: 70,
  interrupted: 130,
} as const satisfies Record<'done' | ErrorKind, number>;
