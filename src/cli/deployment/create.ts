import type { Deployment } from '../../fleet/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { report, segment, withFleet } from '../fleet/verb.ts';

/** What `deployment create` takes. */
export interface CreateOptions extends CommonOptions {
  readonly components?: readonly string[];
  readonly restores?: string;
  readonly name?: string;
}

/** `otakit deployment create`: of components, or of what an older deployment has. */
export async function create(options: CreateOptions, context: CliContext): Promise<void> {
  const { components, restores, name } = options;
  if ((components === undefined) === (restores === undefined)) {
    throw new CliError('cli/usage', 'name either --components or --restores', {
      hint: 'Such as --components main@1.1.0, or --restores with the id of an older deployment.',
    });
  }
  const made = await withFleet(options, context, async (api) => {
    if (restores === undefined) return await api.post('/deployments', { components, name });
    const older = await api.get<Deployment>(`/deployments/${segment(restores)}`);
    return await api.post('/deployments', {
      components: older.components.map(({ artifactId }) => artifactId),
      restores,
      name: name ?? older.name,
    });
  });
  report(context, options, made);
}
