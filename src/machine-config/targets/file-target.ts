import { realpathSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { fileErrorReason, sha256, type ThrowableCode, toHex } from '../../shared/index.ts';
import { type MACHINE_CONFIG_CODES, MachineConfigError } from '../codes.ts';
import { parseMachineConfig } from '../document.ts';
import type { ConfigTarget } from './config-target.ts';
import { replaceFile } from './replace-file.ts';

/** Far beyond what Viam takes. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * A machine config in a local file, as `otakit simulate micro-rdk` and people without the cloud use
 * it. Written whole or not at all; owner, permissions and symbolic links stay as they are.
 *
 * Reading throws `machine-config/target` and what `parseMachineConfig` throws; writing also
 * `machine-config/conflict`, `machine-config/read-only` and `machine-config/other-owner`.
 */
export function fileTarget(path: string): ConfigTarget {
  const label = basename(path);
  const readBytes = async () => {
    const bytes = await readBounded(path).catch((cause: unknown) => {
      throw targetError(`${label} cannot be read`, path, cause);
    });
    return { bytes, revision: toHex(await sha256(bytes)) };
  };
  return {
    id: `file:${realName(path)}`,
    label,
    read: async () => {
      const { bytes, revision } = await readBytes();
      const text = decode(bytes, label);
      return { kind: 'machine', text, revision, fragments: new Map(), pins: [] };
    },
    write: async (text, since) => {
      const refuseStale = async () => {
        if ((await readBytes()).revision === since.revision) return;
        throw new MachineConfigError('machine-config/conflict', `${label} was changed meanwhile`, {
          hint: 'Run the command again; nothing was written.',
          details: { path },
        });
      };
      await replaceFile(path, text, refuseStale).catch((cause: unknown) => {
        if (cause instanceof MachineConfigError) throw cause;
        throw targetError(`${label} cannot be written`, path, cause);
      });
    },
  };
}

/** One file is one target, whichever link leads to it. */
function realName(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // It does not exist (yet); whoever reads it is told so.
    return resolve(path);
  }
}

/** /dev/zero and its like have no end; pipes do, as in `<(command)`. */
async function readBounded(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const stats = await stat(path);
  if (stats.isCharacterDevice() || stats.isBlockDevice()) throw new Error('it is a device');
  if (stats.size > MOST_BYTES) {
    throw new Error(`it has ${stats.size} bytes, and no machine config has over ${MOST_BYTES}`);
  }
  return new Uint8Array(await readFile(path));
}

/** The text, if it is JSON: here it is known which file is at fault. */
function decode(bytes: Uint8Array, label: string): string {
  let text: string;
  try {
    // The byte order mark stays in the text, so that it is written back.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const message = `${label}, line 1, column 1: not UTF-8 text`;
    throw new MachineConfigError('machine-config/syntax', message, {
      hint: 'Save the file as UTF-8.',
      details: { line: 1, column: 1, file: label },
      cause,
    });
  }
  try {
    parseMachineConfig(text);
  } catch (cause) {
    if (!(cause instanceof MachineConfigError)) throw cause;
    throw inFile(label, cause);
  }
  return text;
}

/** The same error, with the name of the file. */
function inFile(file: string, { code, message, hint, details }: MachineConfigError) {
  const where = message.startsWith('line ') ? `${file}, ${message}` : `${file}: ${message}`;
  return new MachineConfigError(code as ThrowableCode<typeof MACHINE_CONFIG_CODES>, where, {
    ...(hint === undefined ? {} : { hint }),
    details: { ...details, file },
  });
}

function targetError(what: string, path: string, cause: unknown): MachineConfigError {
  return new MachineConfigError('machine-config/target', `${what}: ${fileErrorReason(cause)}`, {
    hint: isMissing(cause)
      ? 'Check the name; a new config may begin as {}, to which `otakit config set` adds the service.'
      : 'Check that you may read and write there.',
    details: { path },
    cause,
  });
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
