import type { Rollout } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';

/** The list of rollouts. */
export const ROLLOUT_COLUMNS: readonly EntityColumn<Rollout>[] = [
  { title: 'rollout', value: (entity) => entity.rolloutId },
  { title: 'cohort', value: (entity) => entity.cohortId },
  { title: 'deployment', value: (entity) => entity.deploymentId },
  {
    title: 'state',
    value: (entity) => (isBack(entity) ? 'failed, rolled back' : entity.state.kind),
  },
  { title: 'percent', value: (entity) => entity.percent, align: 'right' },
  { title: 'succeeded', value: forward(({ succeeded }) => succeeded), align: 'right' },
  {
    title: 'failed',
    value: forward((counters) => counters.failed + counters['rolled-back'] + counters['timed-out']),
    align: 'right',
  },
  { title: 'startedAtMs', value: (entity) => entity.startedAtMs },
];

/** On the way back, to succeed is to run the old version again: no number for this column. */
function forward(count: (counters: Rollout['counters']) => number) {
  return (rollout: Rollout): number | null =>
    rollout.state.kind === 'rolling-back' || isBack(rollout) ? null : count(rollout.counters);
}

function isBack({ state }: Rollout): boolean {
  return state.kind === 'failed' && state.rolledBack;
}
