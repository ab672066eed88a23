import { join } from 'node:path';
import { openTokenKey } from '../../serve/index.ts';
import type { Issue } from '../../shared/index.ts';
import type { CliContext } from '../context.ts';
import { dataFolder } from '../data-folder.ts';
import type { ServeArguments } from './serve-options.ts';

/** Where a command that serves keeps its key and its history. */
export function serveFolder({ data }: Pick<ServeArguments, 'data'>, env: CliContext['env']) {
  return data ?? dataFolder(env);
}

/** The key that the tokens in URLs are made with; `null` with `--no-auth`, which is worth a warning. */
export async function openKey(
  options: Pick<ServeArguments, 'data' | 'auth'>,
  env: CliContext['env'],
  warn: (issue: Issue) => void,
): Promise<Uint8Array | null> {
  if (!options.auth) {
    warn(NO_AUTH);
    return null;
  }
  const { bytes, issues } = await openTokenKey(join(serveFolder(options, env), 'serve.key'));
  for (const issue of issues) warn(issue);
  return bytes;
}

const NO_AUTH: Issue = {
  code: 'serve/no-auth',
  severity: 'warning',
  message:
    'NO TOKEN: everybody who reaches this port can download the image, for as long as it runs',
  hint: 'Leave --no-auth out, unless everybody on this network may have the firmware.',
};
