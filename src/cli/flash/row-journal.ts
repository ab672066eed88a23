import { open, readFile } from 'node:fs/promises';
import { type BoardRow, chooseBoardRow, type RowClaim } from '../../flash-data/index.ts';
import { CliError } from '../codes.ts';

/** Rows hold secrets; so the journal, which has none, is still not for everyone. */
const MODE = 0o600;

/**
 * Which board was given which row of a CSV, in a file beside it that only grows. A claim is written and
 * synchronised before the board is touched, and counts if it is the first for its row: so neither a
 * crash nor a second bench on the same file gives one row to two boards.
 */
export class RowJournal {
  readonly path: string;
  readonly #rows: readonly BoardRow[];

  constructor(csvPath: string, rows: readonly BoardRow[]) {
    this.path = `${csvPath}.boards.jsonl`;
    this.#rows = rows;
  }

  /**
   * The row of a board: the one that it has, or the next one, which is then its own.
   *
   * @throws NvsError `nvs/no-row-left`, `nvs/row-conflict`
   * @throws CliError `cli/bad-journal`, `cli/file-not-writable`
   */
  async take(mac: string, timeMs: number): Promise<BoardRow> {
    for (;;) {
      const { row, isClaimed } = chooseBoardRow(this.#rows, await this.claims(), mac);
      if (isClaimed) return row;
      await this.#append({
        row: row.id,
        line: row.line,
        mac,
        state: 'taken',
        time: new Date(timeMs).toISOString(),
      });
    }
  }

  /** Notes that a board has what its row says. */
  async flashed(mac: string, { id, line }: BoardRow, timeMs: number): Promise<void> {
    const time = new Date(timeMs).toISOString();
    await this.#append({ row: id, line, mac, state: 'flashed', time });
  }

  /** All claims, in the order in which they were made. */
  async claims(): Promise<readonly RowClaim[]> {
    const lines = (await this.#text()).split('\n');
    return lines.flatMap((line, index) => {
      // What a crash cut off was not acted on yet.
      if (!line.endsWith('}')) return [];
      const claim = parseClaim(line);
      if (claim !== null) return [claim];
      throw new CliError('cli/bad-journal', `${this.path}, line ${index + 1}: this is no claim`, {
        hint: 'Put the line right: with it the knowledge is lost which board has which row.',
        details: { path: this.path, line: index + 1 },
      });
    });
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  async #append(entry: object): Promise<void> {
    const text = await this.#text();
    const separator = text === '' || text.endsWith('\n') ? '' : '\n';
    try {
      await using file = await open(this.path, 'a', MODE);
      await file.appendFile(`${separator}${JSON.stringify(entry)}\n`);
      await file.sync();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CliError('cli/file-not-writable', `${this.path} cannot be written: ${reason}`, {
        hint: 'Rows are only handed out where it can be noted who has them.',
        details: { path: this.path },
        cause,
      });
    }
  }
}

function parseClaim(line: string): RowClaim | null {
  try {
    const value = JSON.parse(line) as Partial<RowClaim> | null;
    const { row, mac } = value ?? {};
    return typeof row === 'string' && typeof mac === 'string' ? { row, mac } : null;
  } catch {
    return null;
  }
}
