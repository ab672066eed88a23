import type { ViamCredentials } from '../../machine-config/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { readInputFile } from '../files.ts';

/** The API key of the Viam app, from a file or from the environment. */
export async function readCredentials(
  env: CliContext['env'],
  file?: string,
): Promise<ViamCredentials> {
  const found = file === undefined ? env : parseKeyFile(file, await readText(file));
  // Blanks and line ends come along when they are copied; neither has any.
  const [id, key] = [found['VIAM_API_KEY_ID']?.trim(), found['VIAM_API_KEY']?.trim()];
  if (id && key) return { type: 'api-key', authEntity: id, payload: key };
  if (file !== undefined) {
    const missing = [!id && 'VIAM_API_KEY_ID', !key && 'VIAM_API_KEY'].filter(Boolean);
    throw new CliError('cli/usage', `${file} does not have ${missing.join(' and ')}`, {
      hint: 'Write {"id": "…", "key": "…"}, or lines VIAM_API_KEY_ID=… and VIAM_API_KEY=….',
    });
  }
  throw new CliError('cli/usage', 'there is no API key for the Viam app', {
    hint: 'Set VIAM_API_KEY_ID and VIAM_API_KEY, or name a file that has them with --api-key-file.',
  });
}

async function readText(file: string): Promise<string> {
  return new TextDecoder().decode(await readInputFile(file));
}

/** `NAME=value`, quoted or not, as in a line for a shell; several may be on one line. */
const ASSIGNMENT =
  /(?<![\w#])(VIAM_API_KEY(?:_ID)?)[ \t]*=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|(\S*))/g;

/** Lines as for a shell (`VIAM_API_KEY=…`), or JSON. Messages never show what the file says. */
function parseKeyFile(file: string, text: string): Readonly<Record<string, string | undefined>> {
  if (!text.trimStart().startsWith('{')) {
    const lines = text.split(/\r?\n|\r/).filter((line) => !line.trimStart().startsWith('#'));
    const found = lines.flatMap((line) => [...line.matchAll(ASSIGNMENT)]);
    return Object.fromEntries(
      found.map(([, name, double, single, bare]) => [name, double ?? single ?? bare ?? '']),
    );
  }
  try {
    const json = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const string = (value: unknown) => (typeof value === 'string' ? value : undefined);
    return {
      VIAM_API_KEY_ID: string(json['VIAM_API_KEY_ID'] ?? json['id']),
      VIAM_API_KEY: string(json['VIAM_API_KEY'] ?? json['key']),
    };
  } catch {
    throw new CliError('cli/usage', `${file} begins like JSON but is none`, {
      hint: 'Write {"id": "…", "key": "…"}, or lines VIAM_API_KEY_ID=… and VIAM_API_KEY=….',
    });
  }
}
