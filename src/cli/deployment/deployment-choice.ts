import { CliError } from '../codes.ts';

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
