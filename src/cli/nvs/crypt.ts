import { chmod } from 'node:fs/promises';
import {
  deriveNvsKeys,
  encryptNvs,
  NVS_KEYS_BYTES,
  parseNvs,
  serializeNvsKeys,
} from '../../flash-data/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile, writeOutputFile } from '../files.ts';
import type { Cli } from '../nouns.ts';
import { type KeyOptions, loadKeys } from './key-options.ts';
import { decrypted } from './nvs-file.ts';

/** What `nvs encrypt` and `nvs decrypt` can be told. */
export interface CryptOptions extends KeyOptions {
  readonly output: string;
  readonly force?: boolean;
}

/** Encrypts or decrypts a dump of an NVS partition. */
export async function crypt(
  direction: 'encrypt' | 'decrypt',
  file: string,
  options: CryptOptions,
  cli: Cli,
): Promise<void> {
  const keys = await loadKeys(options);
  if (keys === null) {
    throw new CliError('cli/usage', `to ${direction} takes keys`, {
      hint: 'Name the keys partition with --keys; `otakit nvs keys` makes one.',
    });
  }
  const input = await readInputFile(file);
  const isEncrypted = parseNvs(input).issues.some(({ code }) => code === 'nvs/encrypted');
  if (direction === 'encrypt' && isEncrypted) {
    throw new CliError('cli/usage', `${file} is encrypted already`, {
      hint: 'Encrypting it twice would make it unreadable. Decrypt it first.',
    });
  }
  const bytes =
    direction === 'encrypt' ? await encryptNvs(input, keys) : (await decrypted(input, keys)).bytes;
  const { output, force = false } = options;
  await writeOutputFile(output, bytes, { overwrite: force });
  cli.context.stdout.write(`${output}: ${direction}ed\n`);
}

/** What `nvs keys` can be told. */
export interface KeysOptions {
  readonly output: string;
  readonly hmacKey?: string;
  readonly force?: boolean;
}

/** Makes a keys partition: of random keys, or of those that a chip derives from its HMAC key. */
export async function keys(
  { output, hmacKey, force = false }: KeysOptions,
  cli: Cli,
): Promise<void> {
  const made =
    hmacKey === undefined
      ? crypto.getRandomValues(new Uint8Array(NVS_KEYS_BYTES))
      : deriveNvsKeys(await readInputFile(hmacKey));
  await writeOutputFile(output, serializeNvsKeys(made), { overwrite: force });
  await chmod(output, 0o600);
  cli.context.stdout.write(`${output}: keys written; keep them secret\n`);
}
