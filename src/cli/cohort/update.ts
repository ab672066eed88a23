import type { CliContext } from '../context.ts';
import { checkChoice, type DeploymentChoice } from '../deployment/deployment-choice.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { change, segment } from '../fleet/verb.ts';

/** What `cohort update` takes. */
export interface UpdateOptions extends CommonOptions, DeploymentChoice {
  readonly description?: string;
}

/** `otakit cohort update`. */
export async function update(
  cohortId: string,
  options: UpdateOptions,
  context: CliContext,
): Promise<void> {
  const { description, deployment: activeDeploymentId, components } = options;
  if (activeDeploymentId !== undefined || components !== undefined) checkChoice(options);
  const changes = { description, activeDeploymentId, components };
  await change('patch', `/cohorts/${segment(cohortId)}`, changes, options, context);
}
