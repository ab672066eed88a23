import { inspectImage } from '../../app-image/index.ts';
import { openInputFile } from '../files.ts';
import { toJson } from '../json.ts';
import type { Cli } from '../program.ts';
import { renderIssues } from '../render-issues.ts';
import { renderInspection } from './render-inspection.ts';

export interface InfoArguments {
  readonly json?: true;
}

/** `otakit image info FILE` */
export async function info(path: string, options: InfoArguments, { context }: Cli): Promise<void> {
  await using source = await openInputFile(path);
  const inspection = await inspectImage(source);
  if (options.json) {
    context.stdout.write(toJson(inspection));
    return;
  }
  context.stdout.write(renderInspection(inspection, path));
  renderIssues(inspection.issues, path, context.stderr, context.env);
}
