import type { Cli } from '../nouns.ts';
import { textTable } from '../text-table.ts';
import type { BoardResult } from './board-report.ts';

/** What became of the boards of a bench, by MAC address: a board that comes twice is one board. */
export class LoopTally {
  readonly #last = new Map<string, BoardResult>();

  add(result: BoardResult): void {
    const { mac } = result;
    if (mac === null) {
      // Nobody knows which board it was: each counts.
      this.#last.set(`${result.target} ${this.#last.size}`, result);
      return;
    }
    this.#last.set(mac, result);
  }

  /** How many boards are done. */
  get doneCount(): number {
    return this.#results.filter(({ ok }) => ok).length;
  }

  /** Why the first board failed that was not done later; `null` where all are done. */
  get failure(): unknown {
    const failed = this.#results.find(({ ok }) => !ok);
    return failed === undefined || failed.ok ? null : failed.error;
  }

  get #results(): readonly BoardResult[] {
    return [...this.#last.values()];
  }

  /** A line for each board, and how many there were. */
  print({ json }: { readonly json?: true }, { context }: Cli): void {
    const results = this.#results;
    const done = this.doneCount;
    const failed = results.length - done;
    if (json === true) {
      const boards = results.map((result) => ({
        mac: result.mac,
        target: result.target,
        ok: result.ok,
        nvsRow: nvsRow(result),
      }));
      context.stdout.write(`${JSON.stringify({ summary: { done, failed, boards } })}\n`);
      return;
    }
    const columns = ['MAC address', 'port', 'result', 'NVS row'].map((title) => ({ title }));
    const rows = results.map((result) => [
      result.mac ?? '(no answer)',
      result.target,
      result.ok ? 'done' : 'failed',
      nvsRow(result) ?? '',
    ]);
    if (rows.length > 0) context.stdout.write(`\n${textTable(columns, rows)}\n`);
    const boards = done === 1 ? 'board' : 'boards';
    context.stdout.write(`${done} ${boards} done${failed > 0 ? `, ${failed} failed` : ''}\n`);
  }
}

function nvsRow(result: BoardResult): string | null {
  return result.ok ? result.done.nvsRow : null;
}
