import {
  type ConfigTarget,
  fileTarget,
  fragmentTarget,
  partTarget,
  redactText,
  VIAM_APP,
  ViamCloud,
} from '../../machine-config/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { readCredentials } from './credentials.ts';
import type { TargetOptions } from './target-options.ts';

/** One machine config with what it takes to work on it. */
export interface OpenTarget {
  readonly target: ConfigTarget;
  /** Only for parts and fragments. */
  readonly cloud: ViamCloud | null;
  readonly partId: string | null;
}

/** All machine configs that the options name: at least one. */
export async function openTargets(
  { file, part = [], fragment, cloud: asked = VIAM_APP, apiKeyFile }: TargetOptions,
  { env }: Pick<CliContext, 'env'>,
): Promise<readonly OpenTarget[]> {
  const host = cloudOption(asked);
  const named = [file !== undefined, part.length > 0, fragment !== undefined].filter(Boolean);
  if (named.length !== 1) {
    throw new CliError(
      'cli/usage',
      named.length === 0
        ? 'no machine config is named'
        : 'several kinds of machine config are named',
      { hint: 'Name it with one of --file machine.json, --part ID or --fragment ID.' },
    );
  }
  if (file !== undefined) return [{ target: fileTarget(file), cloud: null, partId: null }];
  const cloud = new ViamCloud({ host, credentials: await readCredentials(env, apiKeyFile) });
  if (fragment !== undefined) {
    return [{ target: fragmentTarget(cloud, fragment), cloud, partId: null }];
  }
  return [...new Set(part)].map((id) => ({ target: partTarget(cloud, id), cloud, partId: id }));
}

/** `--cloud`: where the app, or what stands in for it, is reached. */
function cloudOption(text: string): string {
  const url = URL.parse(text);
  const isHttp = url !== null && ['http:', 'https:'].includes(url.protocol);
  const hasLogin = isHttp && (url.username !== '' || url.password !== '');
  if (isHttp && !hasLogin) return text;
  const what = hasLogin ? 'has a user name or password in it' : 'is no http or https URL';
  throw new CliError('cli/usage', `--cloud ${redactText(text)} ${what}`, {
    hint: 'For example http://127.0.0.1:8080, as `otakit simulate viam-cloud` prints it; leave it out for the Viam app.',
  });
}

/** The one machine config that the options name. */
export async function openTarget(
  options: TargetOptions,
  context: Pick<CliContext, 'env'>,
): Promise<ConfigTarget> {
  const [first, ...others] = await openTargets(options, context);
  if (first !== undefined && others.length === 0) return first.target;
  throw new CliError('cli/usage', 'this command works on one part at a time', {
    hint: 'Name one part; `otakit push` takes several.',
  });
}
