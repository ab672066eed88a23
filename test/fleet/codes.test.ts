import { describe, expect, it } from 'vitest';
import { FleetError } from '../../src/fleet/index.ts';

describe('what HTTP says about an error of the fleet', () => {
  it.each([
    ['fleet/not-found', 404],
    ['fleet/exists', 409],
    ['fleet/in-use', 409],
    ['fleet/changed-meanwhile', 412],
    ['fleet/rollout-active', 409],
    ['fleet/wrong-state', 409],
    ['fleet/invalid', 422],
  ] as const)('%s is %d', (code, status) => {
    const error = new FleetError(code, 'because');
    expect([error.code, error.httpStatus]).toEqual([code, status]);
  });
});
