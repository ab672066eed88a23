import { checkSignature, parseSignatureFile } from '../../fleet/index.ts';
import { printable } from '../../shared/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Cli } from '../nouns.ts';
import { readPublicKeyFile, readText } from './key-files.ts';
import { readFacts } from './manifest-options.ts';

/** What `sign verify` can be told. */
export interface VerifyOptions {
  readonly publicKey: string;
  readonly json?: boolean;
}

/** Compares a file with what was signed; exit code 6 where the signature does not hold. */
export async function verify(
  file: string,
  signatureFile: string,
  { publicKey, json = false }: VerifyOptions,
  cli: Cli,
): Promise<void> {
  const { context } = cli;
  const signature = parseSignatureFile(await readText(signatureFile));
  const { keyId, algorithm, pem } = await readPublicKeyFile(publicKey);
  const { manifest } = signature;
  const { version: _, ...facts } = await readFacts(file, manifest.chip === null);
  const verdict = checkSignature(
    signature,
    { ...manifest, ...facts },
    { keyId, algorithm, publicKey: pem, revokedAtMs: null },
  );
  const said = verdict.valid
    ? { valid: true, code: null, reason: null, differences: [] }
    : signature.keyId === keyId
      ? verdict
      : { ...verdict, reason: `it is by key ${signature.keyId}, not by ${keyId}` };
  if (!verdict.valid) cli.setExitCode(EXIT.verification);
  if (json) {
    const result = { ...said, keyId: signature.keyId, algorithm: signature.algorithm, manifest };
    context.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const { packageId, version, blueprintIds, sequence } = manifest;
  if (verdict.valid) {
    const boards = blueprintIds.join(', ') || 'any hardware';
    const from = sequence > 1 ? `, from deployment ${sequence} on` : '';
    context.stdout.write(
      `${file}: signed by key ${keyId} as ${packageId}@${printable(version)} for ${boards}${from}\n`,
    );
    return;
  }
  context.stdout.write(`${file}: refused ${said.code}: ${printable(said.reason ?? '')}\n`);
  for (const { field, signed, actual } of verdict.differences) {
    context.stdout.write(`  ${field}: signed ${printable(signed)}, the file has ${actual}\n`);
  }
}
