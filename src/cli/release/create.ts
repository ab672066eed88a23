import type { CliContext } from '../context.ts';
import {
  checkChoice,
  chosenDeployment,
  type DeploymentChoice,
} from '../deployment/find-deployment.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { report, withFleet } from '../fleet/verb.ts';

/** What `release create` takes. */
export interface CreateOptions extends CommonOptions, DeploymentChoice {
  readonly releaseTags?: readonly string[];
  readonly tags?: readonly string[];
  readonly blueprint?: string;
  readonly rollout: string;
}

/** `otakit release create`: bundles the components first, where no deployment is named. */
export async function create(options: CreateOptions, context: CliContext): Promise<void> {
  checkChoice(options);
  const release = await withFleet(options, context, async (api) => {
    const deploymentId = await chosenDeployment(api, options);
    return await api.post('/releases', {
      deploymentId,
      releaseTags: options.releaseTags,
      deviceTags: options.tags,
      blueprintId: options.blueprint,
      enabled: options.rollout === 'true',
    });
  });
  report(context, options, release);
}
