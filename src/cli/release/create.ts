import { FleetError } from '../../fleet/index.ts';
import type { CliContext } from '../context.ts';
import {
  checkChoice,
  chosenDeployment,
  type DeploymentChoice,
} from '../deployment/find-deployment.ts';
import type { FleetApi } from '../fleet/api.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { report, segment, withFleet } from '../fleet/verb.ts';

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
    // Deployments stay for ever: none is made for what would be refused.
    if (options.components !== undefined) await checkAim(api, options);
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

/** @throws FleetError `fleet/not-found` for a tag that is not there; RemoteProblem for a blueprint */
async function checkAim(api: FleetApi, { blueprint, tags = [] }: CreateOptions): Promise<void> {
  if (blueprint !== undefined) await api.get(`/blueprints/${segment(blueprint)}`);
  const { list } = await api.get<{ readonly list: readonly { tag: string }[] }>('/tags');
  const unknown = tags.find((tag) => list.every((one) => one.tag !== tag));
  if (unknown === undefined) return;
  throw new FleetError('fleet/not-found', `There is no tag ${unknown}.`, {
    hint: 'Look at `otakit tag list`.',
  });
}
