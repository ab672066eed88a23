import { createHash } from 'node:crypto';
import { checkAppImage, inspectImage } from '../../app-image/index.ts';
import { type ArtifactManifest, checkChosenId } from '../../fleet/index.ts';
import type { ByteSource } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { openInputFile } from '../files.ts';
import { renderIssues } from '../render-issues.ts';
import type { CliContext } from '../context.ts';

const CHUNK_BYTES = 256 * 1024;

/** What is said about a file that is to be signed. */
export interface ManifestOptions {
  readonly package: string;
  readonly version?: string;
  readonly blueprint?: readonly string[];
  readonly sequence: string;
  readonly binary?: boolean;
}

/** Facts that the file itself has. */
export type FileFacts = Pick<
  ArtifactManifest,
  'sizeBytes' | 'sha256' | 'chip' | 'secureVersion'
> & {
  readonly version: string | null;
};

/**
 * Reads a file and says what is to be signed.
 *
 * @returns `null` where the image has errors, which are rendered
 */
export async function readManifest(
  file: string,
  options: ManifestOptions,
  context: CliContext,
): Promise<ArtifactManifest | null> {
  const { blueprint = [], binary = false } = options;
  const sequence = Number(options.sequence);
  if (!Number.isInteger(sequence) || sequence < 1 || sequence > 0x7fffffff) {
    throw usage(`${options.sequence} is no sequence`, 'Give a number from 1 to 2147483647.');
  }
  if (blueprint.length === 0 && !binary) {
    throw usage('It is not said which hardware it is for', 'Name it with --blueprint.');
  }
  if (!binary && !(await isAcceptable(file, context))) return null;
  const facts = await readFacts(file, binary);
  const version = options.version ?? facts.version;
  if (version === null || version === '') {
    throw usage(`${file} does not say its version`, 'Give it with --version.');
  }
  const { sizeBytes, sha256, chip, secureVersion } = facts;
  return {
    packageId: checkChosenId('package', options.package),
    version,
    chip,
    blueprintIds: [...new Set(blueprint.map((id) => checkChosenId('blueprint', id)))].sort(),
    sizeBytes,
    sha256,
    secureVersion,
    sequence,
  };
}

/** What a file is, whether or not a device could take it; a file that is no app image has no chip. */
export async function readFacts(file: string, binary: boolean): Promise<FileFacts> {
  await using source = await openInputFile(file);
  const digest = { sizeBytes: source.sizeBytes, sha256: await digestOf(source) };
  const inspection = binary ? null : await inspectImage(source);
  if (inspection?.kind !== 'app-image') {
    return { ...digest, chip: null, secureVersion: null, version: null };
  }
  return {
    ...digest,
    chip: inspection.chip,
    secureVersion: inspection.appDescriptor?.secureVersion ?? 0,
    version: inspection.appDescriptor?.version ?? null,
  };
}

/** Signing an image that no device could take would only mislead. */
async function isAcceptable(file: string, { stderr, env }: CliContext): Promise<boolean> {
  await using source = await openInputFile(file);
  const { issues, acceptable } = await checkAppImage(source, { audience: 'esp-idf' });
  if (!acceptable) renderIssues(issues, file, stderr, env);
  return acceptable;
}

async function digestOf(source: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < source.sizeBytes; at += CHUNK_BYTES) {
    hash.update(await source.read(at, Math.min(CHUNK_BYTES, source.sizeBytes - at)));
  }
  return hash.digest('hex');
}

function usage(message: string, hint: string): CliError {
  return new CliError('cli/usage', message, { hint });
}
