import { deriveNvsKeys, type NvsKeys, parseNvsKeys } from '../../flash-data/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile } from '../files.ts';

/** The options about keys. */
export interface KeyOptions {
  readonly keys?: string;
  readonly hmacKey?: string;
}

/** The keys that were given, or `null`. */
export async function loadKeys({ keys, hmacKey }: KeyOptions): Promise<NvsKeys | null> {
  if (keys !== undefined && hmacKey !== undefined) {
    throw new CliError('cli/usage', '--keys and --hmac-key exclude each other', {
      hint: 'Name the keys partition, or the HMAC key that the chip derives its keys from.',
    });
  }
  if (keys !== undefined) return parseNvsKeys(await readInputFile(keys));
  return hmacKey === undefined ? null : deriveNvsKeys(await readInputFile(hmacKey));
}
