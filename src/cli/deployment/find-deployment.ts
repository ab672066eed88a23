import type { Deployment } from '../../fleet/index.ts';
import { CliError } from '../codes.ts';
import type { FleetApi } from '../fleet/api.ts';

/** A deployment as commands name it: by its id, or by what it shall bundle. */
export interface DeploymentChoice {
  readonly deployment?: string;
  readonly components?: readonly string[];
}

/** Exactly one of the two ways must be taken. */
export function checkChoice({ deployment, components }: DeploymentChoice): void {
  if ((deployment === undefined) !== (components === undefined)) return;
  throw new CliError('cli/usage', 'name either --deployment or --components', {
    hint: 'Such as --components main@1.1.0.',
  });
}

/** The id of the deployment that is meant; bundles the components first, where they are named. */
export async function chosenDeployment(
  api: FleetApi,
  { deployment, components }: DeploymentChoice,
): Promise<string> {
  if (deployment !== undefined) return deployment;
  return (await api.post<Deployment>('/deployments', { components })).deploymentId;
}
