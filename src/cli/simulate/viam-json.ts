import { readFile } from 'node:fs/promises';
import type { DeviceIdentity } from '../../simulator/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile, writeOutputFile } from '../files.ts';

/** Only a stand-in is reached without TLS. */
const STAND_IN = /^http:/;

/**
 * What a device logs in with, from the file that the Viam app gives out for a machine:
 * `{"cloud": {"app_address": "https://app.viam.com:443", "id": …, "secret": …}}`.
 *
 * @throws CliError `cli/file-not-readable`, `cli/usage`
 */
export async function readViamJson(file: string): Promise<DeviceIdentity> {
  const identity = parseViamJson(new TextDecoder().decode(await readInputFile(file)));
  if (identity !== null) return identity;
  throw new CliError('cli/usage', `${file} is no viam.json`, {
    hint: 'It reads {"cloud": {"app_address": "http://…", "id": "…", "secret": "…"}}.',
  });
}

/**
 * Writes such a file, for its owner only: it holds a secret. The login of a machine in the real app is
 * not overwritten.
 *
 * @throws CliError `cli/file-exists`, `cli/file-not-writable`
 */
export async function writeViamJson(
  file: string,
  { appAddress, id, secret }: DeviceIdentity,
): Promise<void> {
  const before = parseViamJson(await readFile(file, 'utf8').catch(() => ''));
  const cloud = { app_address: appAddress, id, secret };
  await writeOutputFile(file, `${JSON.stringify({ cloud }, null, 2)}\n`, {
    overwrite: before !== null && STAND_IN.test(before.appAddress),
    mode: 0o600,
  });
}

function parseViamJson(text: string): DeviceIdentity | null {
  const { app_address: appAddress, id, secret } = cloudOf(text);
  return isAddress(appAddress) && typeof id === 'string' && typeof secret === 'string'
    ? { appAddress, id, secret }
    : null;
}

function cloudOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed = JSON.parse(text) as { cloud?: Readonly<Record<string, unknown>> } | null;
    return parsed?.cloud ?? {};
  } catch {
    return {};
  }
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && /^https?:$/.test(URL.parse(value)?.protocol ?? '');
}
