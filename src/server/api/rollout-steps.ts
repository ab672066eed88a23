import { z } from 'zod';
import type { Actor, Fleet, Rollout } from '../../fleet/index.ts';
import { OPERATORS } from '../access/roles.ts';
import { anyId } from '../schemas/common.ts';
import { type DeepReadonly, defineRoute, type Route } from './route.ts';

/** How a set of routes words the same rollouts. */
export interface RolloutDialect<Answer extends z.ZodType> {
  /** Where its rollouts are, such as `/rollouts`. */
  readonly root: string;
  readonly schema: Answer;
  readonly present: (rollout: Rollout) => DeepReadonly<z.input<Answer>>;
}

/** One thing that people do to a rollout that is there. */
export interface RolloutStep {
  readonly verb: 'pause' | 'resume' | 'advance' | 'rollback';
  readonly id: string;
  readonly summary: string;
  /** Takes `reason` in its body. */
  readonly hasReason?: true;
}

/** The parameters of paths of one rollout. */
export const oneRollout = z.strictObject({ rolloutId: anyId });

const why = z.strictObject({ reason: z.string().max(500).optional() });

/** The routes that steer rollouts. */
export function rolloutSteps<Answer extends z.ZodType>(
  { root, schema, present }: RolloutDialect<Answer>,
  steps: readonly RolloutStep[],
): readonly Route[] {
  return steps.map(({ verb, id, summary, hasReason }) =>
    defineRoute({
      method: 'POST',
      path: `${root}/{rolloutId}/${verb}`,
      id,
      summary,
      roles: OPERATORS,
      params: oneRollout,
      ...(hasReason === undefined ? {} : { body: why }),
      answer: { status: 200, schema },
      handle: async ({ fleet, actor, params, body }) =>
        present(await act(fleet, actor, verb, params.rolloutId, body?.reason)),
    }),
  );
}

function act(
  { rollouts }: Fleet,
  actor: Actor,
  verb: RolloutStep['verb'],
  rolloutId: string,
  reason: string | undefined,
): Promise<Rollout> {
  switch (verb) {
    case 'pause':
    case 'rollback':
      return rollouts[verb](actor, rolloutId, reason);
    case 'resume':
    case 'advance':
      return rollouts[verb](actor, rolloutId);
  }
}
