import { describe, expect, it } from 'vitest';
import { EventJournal } from '../../src/serve/event-journal.ts';
import type { DownloadEvent } from '../../src/serve/index.ts';

const progress = (id: number, sentBytes: number): DownloadEvent => ({
  event: 'progress',
  id,
  device: '10.0.0.9',
  sentBytes,
  totalBytes: 100,
  bytesPerSecond: 1,
  tag: 'v1',
});
const complete = (id: number): DownloadEvent => ({
  event: 'complete',
  id,
  device: '10.0.0.9',
  sentBytes: 100,
  durationMs: 1,
  tag: 'v1',
});

describe('EventJournal', () => {
  it('keeps the latest progress of each download only, and every number rises', () => {
    const journal = new EventJournal();
    for (const event of [progress(1, 10), progress(2, 10), progress(1, 20), complete(1)]) {
      journal.add(event);
    }
    expect(journal.after(0)).toEqual([
      { number: 2, event: progress(2, 10) },
      { number: 4, event: complete(1) },
    ]);
    expect(journal.after(2).map(({ number }) => number)).toEqual([4]);
    expect(journal.after(4)).toEqual([]);
  });

  it('stays small, whatever happens', () => {
    const journal = new EventJournal();
    for (let id = 1; id <= 5000; id += 1) {
      journal.add(progress(id, 10));
      journal.add(complete(id));
    }
    const kept = journal.after(0);
    expect(kept).toHaveLength(512);
    expect(kept.at(-1)).toEqual({ number: 10_000, event: complete(5000) });
  });

  it('wakes each waiting reader once', () => {
    const journal = new EventJournal();
    const woken: string[] = [];
    journal.onNext(() => woken.push('a'));
    journal.onNext(() => woken.push('b'))();
    journal.add(complete(1));
    journal.add(complete(2));
    expect(woken).toEqual(['a']);
  });
});
