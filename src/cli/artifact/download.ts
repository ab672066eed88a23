import { sha256, toHex } from '../../shared/index.ts';
import type { Artifact } from '../../fleet/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { checkOutputFile, writeOutputFile } from '../files.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { report, segment, withFleet } from '../fleet/verb.ts';

/** What `artifact download` takes. */
export interface DownloadOptions extends CommonOptions {
  readonly output: string;
  readonly force?: boolean;
}

/** `otakit artifact download`: the bytes, written only when they are the ones that were uploaded. */
export async function download(
  artifactId: string,
  options: DownloadOptions,
  context: CliContext,
): Promise<void> {
  await checkOutputFile(options.output, { overwrite: options.force === true });
  const path = `/artifacts/${segment(artifactId)}`;
  const [artifact, bytes] = await withFleet(options, context, async (api) => {
    const found = await api.get<Artifact>(path);
    const response = await api.open(`${path}/content`);
    return [found, new Uint8Array(await response.arrayBuffer())];
  });
  const hash = toHex(await sha256(bytes));
  if (hash !== artifact.sha256) {
    throw new CliError('cli/server-answer', `SHA-256 is ${hash}, not ${artifact.sha256}`, {
      hint: 'Nothing was written. Try again; if it stays so, the store is damaged.',
    });
  }
  await writeOutputFile(options.output, bytes, { overwrite: options.force === true });
  report(
    context,
    options,
    artifact,
    `${options.output}: ${artifact.packageId}@${artifact.version}`,
  );
}
