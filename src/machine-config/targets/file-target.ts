import { randomUUID } from 'node:crypto';
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { sha256, toHex } from '../../shared/index.ts';
import { MachineConfigError } from '../codes.ts';
import type { ConfigTarget } from './config-target.ts';

/**
 * A machine config in a local file, as `otakit simulate micro-rdk` and people without the cloud use
 * it. Written whole or not at all; permissions and symbolic links stay as they are.
 */
export function fileTarget(path: string): ConfigTarget {
  const label = basename(path);
  const read = async () => {
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw targetError(`${label} cannot be read`, path, cause);
    });
    return { text: decode(bytes), revision: toHex(await sha256(bytes)), fragments: new Map() };
  };
  return {
    id: `file:${resolve(path)}`,
    label,
    read,
    write: async (text, since) => {
      if ((await read()).revision !== since.revision) {
        throw new MachineConfigError('machine-config/conflict', `${label} was changed meanwhile`, {
          hint: 'Run the command again; nothing was written.',
          details: { path },
        });
      }
      await replaceFile(path, text).catch((cause: unknown) => {
        throw targetError(`${label} cannot be written`, path, cause);
      });
    },
  };
}

async function replaceFile(path: string, text: string): Promise<void> {
  const real = await realpath(path);
  const { mode } = await stat(real);
  const temporary = `${real}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: mode & 0o777 });
    await rename(temporary, real);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
}

function decode(bytes: Uint8Array): string {
  try {
    // The byte order mark stays in the text, so that it is written back.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new MachineConfigError('machine-config/syntax', 'line 1, column 1: not UTF-8 text', {
      hint: 'Save the file as UTF-8.',
      details: { line: 1, column: 1 },
      cause,
    });
  }
}

function targetError(what: string, path: string, cause: unknown): MachineConfigError {
  const { message } = cause as Error;
  return new MachineConfigError('machine-config/target', `${what}: ${message}`, {
    hint: 'Check the name, and that you may read and write there.',
    details: { path },
    cause,
  });
}
