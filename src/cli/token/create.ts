import type { AccessToken } from '../../fleet/index.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../codes.ts';
import { checkOutputFile, writeOutputFile } from '../files.ts';
import { type CommonOptions, durationOption } from '../fleet/options.ts';
import { report, withFleet } from '../fleet/verb.ts';

/** What `token create` takes. */
export interface CreateOptions extends CommonOptions {
  readonly role: string;
  readonly expires?: string;
  readonly blueprint?: string;
  readonly cohort?: string;
  readonly secretFile?: string;
}

/** `otakit token create`: the secret alone goes to standard output. */
export async function create(
  name: string,
  options: CreateOptions,
  context: CliContext,
): Promise<void> {
  const { role, expires, blueprint: blueprintId, cohort: cohortId } = options;
  if (role !== 'provisioner' && (blueprintId !== undefined || cohortId !== undefined)) {
    throw new CliError('cli/usage', `a token of the role ${role} registers no devices`, {
      hint: '--blueprint and --cohort say what devices become that a provisioner registers.',
    });
  }
  // A secret that could not be put down would be lost.
  if (options.secretFile !== undefined) await checkOutputFile(options.secretFile);
  const answer = await withFleet(options, context, (api) =>
    api.post<{ readonly token: AccessToken; readonly secret: string }>('/tokens', {
      name,
      role,
      expiresInMs: durationOption('--expires', expires),
      provisions: role === 'provisioner' ? { blueprintId, cohortId } : undefined,
    }),
  );
  if (options.secretFile !== undefined) {
    await writeOutputFile(options.secretFile, `${answer.secret}\n`, { mode: 0o600 });
    report(context, options, answer.token, `${answer.token.tokenId}: in ${options.secretFile}`);
  } else if (options.json === true) {
    report(context, options, answer);
  } else {
    context.stderr.write(`Token ${answer.token.tokenId} (${role}), shown only now:\n`);
    context.stdout.write(`${answer.secret}\n`);
  }
}
