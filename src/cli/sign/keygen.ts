import { generateSigningKey, type SignatureAlgorithm } from '../../fleet/index.ts';
import { checkOutputFile, writeOutputFile } from '../files.ts';
import type { Cli } from '../nouns.ts';
import { readPassphrase } from './key-files.ts';

/** What `sign keygen` can be told. */
export interface KeygenOptions {
  readonly algorithm: SignatureAlgorithm;
  readonly output: string;
  readonly passphraseFile?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Writes a new key pair: the private half for the owner only, the public one beside it. */
export async function keygen(options: KeygenOptions, { context }: Cli): Promise<void> {
  const { algorithm, output, force = false, json = false } = options;
  const pair = generateSigningKey(algorithm, await readPassphrase(options.passphraseFile));
  const publicFile = `${output.replace(/\.(?:pem|key)$/, '')}.pub.pem`;
  // Neither half without the other.
  await checkOutputFile(publicFile, { overwrite: force });
  await writeOutputFile(output, pair.privateKey, { overwrite: force, mode: 0o600 });
  await writeOutputFile(publicFile, pair.publicKey, { overwrite: force });
  if (json) {
    const { keyId } = pair;
    const result = { keyId, algorithm, privateKey: output, publicKey: publicFile };
    context.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  context.stdout.write(`key ${pair.keyId} (${algorithm})\n`);
  context.stdout.write(`  private  ${output}     keep it off the server\n`);
  context.stdout.write(`  public   ${publicFile}     otakit key add ${publicFile}\n`);
}
