import {
  type ArtifactManifest,
  requireValidSignature,
  serializeSignatureFile,
  signManifest,
} from '../../fleet/index.ts';
import { formatSize, printable } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { EXIT } from '../exit-codes.ts';
import { readInputFile, writeOutputFile } from '../files.ts';
import type { Cli } from '../nouns.ts';
import { readPrivateKeyFile, readPublicKeyFile } from './key-files.ts';
import { type ManifestOptions, readManifest } from './manifest-options.ts';

/** What `sign sign` can be told. */
export interface SignOptions extends ManifestOptions {
  readonly key?: string;
  readonly passphraseFile?: string;
  readonly rawSignature?: string;
  readonly publicKey?: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Signs what a file is and may be used for. */
export async function sign(file: string, options: SignOptions, cli: Cli): Promise<void> {
  const { context } = cli;
  const makeSignature = chooseSigner(options);
  const manifest = await readManifest(file, options, context);
  if (manifest === null) {
    cli.setExitCode(EXIT.input);
    return;
  }
  const signed = await makeSignature(manifest);
  const output = options.output ?? `${file}.sig`;
  await writeOutputFile(output, serializeSignatureFile(signed), {
    overwrite: options.force ?? false,
  });
  const { keyId, algorithm } = signed;
  if (options.json) {
    const result = { file, output, keyId, algorithm, manifest };
    context.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const { packageId, version, chip, blueprintIds, sizeBytes, secureVersion, sequence } = manifest;
  const facts = [
    formatSize(sizeBytes),
    ...(chip === null ? [] : [chip, `secure version ${secureVersion}`]),
    `for ${blueprintIds.join(', ') || 'any hardware'}`,
    ...(sequence > 1 ? [`from deployment ${sequence} on`] : []),
  ];
  context.stdout.write(`${packageId}@${printable(version)}  ${facts.join(', ')}\n`);
  context.stdout.write(`signed by key ${keyId} (${algorithm}): ${output}\n`);
}

type Signer = (manifest: ArtifactManifest) => Promise<ReturnType<typeof signManifest>>;

/** By a private key, or a signature from elsewhere, which is verified before it is believed. */
function chooseSigner({ key, passphraseFile, rawSignature, publicKey }: SignOptions): Signer {
  if (key !== undefined && rawSignature === undefined) {
    return async (manifest) =>
      signManifest(manifest, await readPrivateKeyFile(key, passphraseFile));
  }
  if (key === undefined && rawSignature !== undefined && publicKey !== undefined) {
    return async (manifest) => {
      const { keyId, algorithm, pem } = await readPublicKeyFile(publicKey);
      const signature = Buffer.from(await readInputFile(rawSignature)).toString('base64');
      const { sequence } = manifest;
      const signed = { keyId, algorithm, signature, sequence, manifest };
      requireValidSignature(signed, manifest, {
        keyId,
        algorithm,
        publicKey: pem,
        revokedAtMs: null,
      });
      return signed;
    };
  }
  throw new CliError('cli/usage', 'It is not said what to sign with', {
    hint: 'Give --key, or --raw-signature and --public-key.',
  });
}
