import type { Deployment } from '../../fleet/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { report, withFleet } from '../fleet/verb.ts';

/** What `release create` takes. */
export interface CreateOptions extends CommonOptions {
  readonly components?: readonly string[];
  readonly deployment?: string;
  readonly releaseTags?: readonly string[];
  readonly tags?: readonly string[];
  readonly blueprint?: string;
  readonly rollout: string;
}

/** `otakit release create`: bundles the components first, where no deployment is named. */
export async function create(options: CreateOptions, context: CliContext): Promise<void> {
  const { components, deployment } = options;
  if ((components === undefined) === (deployment === undefined)) {
    throw new CliError('cli/usage', 'name either --components or --deployment', {
      hint: 'Such as --components main@1.1.0.',
    });
  }
  const release = await withFleet(options, context, async (api) => {
    const deploymentId =
      deployment ?? (await api.post<Deployment>('/deployments', { components })).deploymentId;
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
