import type { CliContext } from '../context.ts';
import {
  checkChoice,
  chosenDeployment,
  type DeploymentChoice,
} from '../deployment/find-deployment.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { report, segment, withFleet } from '../fleet/verb.ts';

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
  const { description, deployment, components } = options;
  const delivers = deployment !== undefined || components !== undefined;
  if (delivers) checkChoice(options);
  const cohort = await withFleet(options, context, async (api) => {
    const activeDeploymentId = delivers ? await chosenDeployment(api, options) : undefined;
    return await api.patch(`/cohorts/${segment(cohortId)}`, { description, activeDeploymentId });
  });
  report(context, options, cohort);
}
