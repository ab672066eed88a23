import { readPrivateKey, readPublicKey, type SignatureKey } from '../../fleet/index.ts';
import { readInputFile } from '../files.ts';

/** The first line of a file, as other tools take passphrases from files. */
export async function readPassphrase(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return (await readText(file)).replace(/\r?\n[^]*$/, '');
}

/** A private key from a PEM file. */
export async function readPrivateKeyFile(
  file: string,
  passphraseFile: string | undefined,
): Promise<SignatureKey> {
  return readPrivateKey(await readText(file), await readPassphrase(passphraseFile));
}

/** A public key from a PEM file. */
export async function readPublicKeyFile(file: string): Promise<ReturnType<typeof readPublicKey>> {
  return readPublicKey(await readText(file));
}

/** A file as text. */
export async function readText(file: string): Promise<string> {
  return new TextDecoder().decode(await readInputFile(file));
}
