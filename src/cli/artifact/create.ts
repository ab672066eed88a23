import { stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import type { Artifact } from '../../fleet/index.ts';
import { formatSize } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { openInputFile, readInputFile } from '../files.ts';
import type { FleetApi, Query } from '../fleet/api.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { report, segment, withFleet } from '../fleet/verb.ts';

/** What `artifact create` takes. */
export interface CreateOptions extends CommonOptions {
  readonly package: string;
  readonly version?: string;
  readonly blueprint?: readonly string[];
  readonly releaseNotes?: string;
  readonly minVersion?: string;
  readonly signature?: readonly string[];
  readonly sha256?: string;
  readonly uri?: string;
}

/** `otakit artifact create`: bytes from a file, or from an address that the server fetches itself. */
export async function create(
  file: string | undefined,
  options: CreateOptions,
  context: CliContext,
): Promise<void> {
  if ((file === undefined) === (options.uri === undefined)) {
    throw new CliError('cli/usage', 'name either a file or --uri', {
      hint: 'A file is sent from here; --uri is fetched by the server.',
    });
  }
  if (options.uri !== undefined && options.sha256 === undefined) {
    throw new CliError('cli/usage', '--uri needs --sha256', {
      hint: 'The server fetches it unseen: say which bytes are meant (sha256sum FILE).',
    });
  }
  const signatures = await Promise.all((options.signature ?? []).map(readSignature));
  const fields = {
    packageId: options.package,
    version: options.version,
    blueprintId: options.blueprint,
    releaseNotes: options.releaseNotes,
    minVersion: options.minVersion,
    // In capitals where PowerShell printed it.
    sha256: options.sha256?.toLowerCase(),
  };
  const artifact = await withFleet(options, context, async (api) => {
    if (file === undefined) {
      const { blueprintId: blueprintIds, ...rest } = fields;
      const body = { ...rest, blueprintIds, signatures, artifactUri: options.uri };
      return await api.post<Artifact>('/artifacts', body);
    }
    const query = { ...fields, signature: signatures.map((one) => JSON.stringify(one)) };
    return await upload(api, query, file, context);
  });
  const { artifactId, packageId, version, sizeBytes, blueprintIds } = artifact;
  const hardware = blueprintIds.length === 0 ? 'any hardware' : blueprintIds.join(', ');
  report(
    context,
    options,
    artifact,
    `${artifactId}  ${packageId}@${version}, ${formatSize(sizeBytes)}, for ${hardware}`,
  );
}

/** `otakit artifact add-signature`. */
export async function addSignature(
  artifactId: string,
  file: string,
  options: CommonOptions,
  context: CliContext,
): Promise<void> {
  const signature = await readSignature(file);
  const path = `/artifacts/${segment(artifactId)}/signatures`;
  const artifact = await withFleet(options, context, (api) => api.post<Artifact>(path, signature));
  report(context, options, artifact);
}

async function upload(
  api: FleetApi,
  query: Query,
  file: string,
  { signal }: CliContext,
): Promise<Artifact> {
  // Opened first, so that a missing file is said as one.
  await (await openInputFile(file))[Symbol.asyncDispose]();
  const { size } = await stat(file);
  return await api.upload('/artifacts', query, createReadStream(file, { signal }), size);
}

/** The file that `otakit sign` writes; the server judges what is in it. */
async function readSignature(file: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readInputFile(file));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError('cli/usage', `${file} is not a signature made by \`otakit sign\``, {
      hint: 'Name the .sig file, not the image or a key.',
      cause,
    });
  }
}
