import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CliContext } from './context.ts';

/**
 * Where otakit keeps what outlives a command (keys, what `config revert` undoes): `OTAKIT_DATA`, or
 * `otakit` in the folder that the XDG Base Directory Specification names.
 */
export function dataFolder(env: CliContext['env']): string {
  const own = env['OTAKIT_DATA'];
  if (own) return own;
  const shared = env['XDG_DATA_HOME'] || join(env['HOME'] || homedir(), '.local', 'share');
  return join(shared, 'otakit');
}
