import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type OtaUndo, removeLeftovers, temporaryName } from '../../machine-config/index.ts';
import { fileErrorReason } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { dataFolder } from '../data-folder.ts';
import { writeOutputFile } from '../files.ts';

/** An edit that can be undone, and when it was made. */
export interface KeptEdit {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly undo: OtaUndo;
}

/** How many edits of one target are kept; older ones are forgotten. */
const KEPT_EDITS = 20;

/**
 * The edits that `config revert` can undo, a file for each target. The files hold URLs with their
 * tokens, so only their owner may read them.
 */
export class UndoStore {
  readonly #folder: string;

  constructor(env: CliContext['env']) {
    this.#folder = join(dataFolder(env), 'config-undo');
  }

  /** The edits of a target, oldest first. */
  async list(targetId: string): Promise<readonly KeptEdit[]> {
    const path = this.#path(targetId);
    try {
      const kept = JSON.parse(await readFile(path, 'utf8')) as Partial<StoreFile> | null;
      const edits = kept?.edits;
      if (!Array.isArray(edits) || !edits.every(isKeptEdit)) throw new SyntaxError('no edits');
      return edits;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      const why = cause instanceof SyntaxError ? 'it is damaged' : fileErrorReason(cause);
      throw new CliError('cli/file-not-readable', `${path} cannot be read: ${why}`, {
        hint: 'It holds what `config revert` undoes for this config; without it, delete the file.',
        details: { path },
        cause,
      });
    }
  }

  /**
   * Keeps one more edit. The newest one falls out where it was made on the same text: it was undone by
   * hand then, or never got there.
   */
  async push(targetId: string, edit: KeptEdit): Promise<void> {
    const earlier = await this.list(targetId);
    const isReplaced = earlier.at(-1)?.undo.beforeSha256 === edit.undo.beforeSha256;
    const kept = isReplaced ? earlier.slice(0, -1) : earlier;
    await this.#save(targetId, [...kept, edit].slice(-KEPT_EDITS));
  }

  /** Forgets an edit that is undone, or was not made after all. */
  async forget(targetId: string, { beforeSha256, afterSha256 }: OtaUndo): Promise<void> {
    const edits = await this.list(targetId);
    const index = edits.findLastIndex(
      ({ undo }) => undo.beforeSha256 === beforeSha256 && undo.afterSha256 === afterSha256,
    );
    if (index >= 0) await this.#save(targetId, edits.toSpliced(index, 1));
  }

  async #save(targetId: string, edits: readonly KeptEdit[]): Promise<void> {
    const path = this.#path(targetId);
    if (edits.length === 0) {
      await removeLeftovers(path);
      await rm(path, { force: true });
      return;
    }
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await removeLeftovers(path);
    const file: StoreFile = { target: targetId, edits };
    const text = `${JSON.stringify(file, null, 2)}\n`;
    const temporary = await temporaryName(path);
    await writeOutputFile(path, text, { overwrite: true, mode: 0o600, temporary });
  }

  #path(targetId: string): string {
    const name = createHash('sha256').update(targetId).digest('hex').slice(0, 32);
    return join(this.#folder, `${name}.json`);
  }
}

/** As far as a damaged file shows it. */
function isKeptEdit(value: unknown): value is KeptEdit {
  const { at, undo } = (value ?? {}) as Partial<KeptEdit>;
  return (
    typeof at === 'string' &&
    typeof undo?.beforeSha256 === 'string' &&
    typeof undo.afterSha256 === 'string' &&
    typeof undo.service === 'string' &&
    typeof undo.replaced?.content === 'string'
  );
}

interface StoreFile {
  /** For people who look into the folder. */
  readonly target: string;
  readonly edits: readonly KeptEdit[];
}
