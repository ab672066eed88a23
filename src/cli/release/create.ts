import type { CliContext } from '../context.ts';
import { checkChoice, type DeploymentChoice } from '../deployment/deployment-choice.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { change } from '../fleet/verb.ts';

/** What `release create` takes. */
export interface CreateOptions extends CommonOptions, DeploymentChoice {
  readonly releaseTags?: readonly string[];
  readonly tags?: readonly string[];
  readonly blueprint?: string;
  readonly rollout: string;
}

/** `otakit release create`. */
export async function create(options: CreateOptions, context: CliContext): Promise<void> {
  checkChoice(options);
  const release = {
    deploymentId: options.deployment,
    components: options.components,
    releaseTags: options.releaseTags,
    deviceTags: options.tags,
    blueprintId: options.blueprint,
    enabled: options.rollout === 'true',
  };
  await change('post', '/releases', release, options, context);
}
