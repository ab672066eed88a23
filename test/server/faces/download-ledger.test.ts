import { describe, expect, it } from 'vitest';
import type { DownloadEnd } from '../../../src/fleet/index.ts';
import { DownloadLedger } from '../../../src/server/faces/downloads/download-ledger.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const artifact = { sha256: 'aa', sizeBytes: 1000 };

function ledger() {
  const clock = new ManualClock();
  const told: DownloadEnd[] = [];
  const own = new DownloadLedger(clock, (_, end) => {
    told.push(end);
    return Promise.resolve();
  });
  return {
    clock,
    told,
    note: (fromByte: number, sentBytes: number, cut: DownloadEnd['reason'] = null) => {
      const of = {
        deviceId: 'a',
        packageId: 'main',
        artifact,
        beganAtMs: clock.monotonicMs() - 1000,
      };
      return own.note({ ...of, fromByte, sentBytes, cut });
    },
  };
}

describe('a ledger of downloads', () => {
  it('tells how long one took, from its first request on, and begins anew after it', async () => {
    const { clock, told, note } = ledger();
    await note(0, 500);
    await clock.advance(60_000);
    await note(500, 500);
    await note(0, 1000);
    await clock.advance(60_000);
    await note(0, 1000);
    expect(told.map(({ durationMs, requests }) => [durationMs, requests])).toEqual([
      [61_000, 2],
      [1000, 1],
    ]);
  });

  it('takes of what was cut off as much as the next request goes on after', async () => {
    const { clock, told, note } = ledger();
    await note(0, 1000, 'peer-gone');
    expect(told).toMatchObject([{ kind: 'cut', sentBytes: 1000, coveredBytes: 0 }]);
    await clock.advance(60_000);
    await note(400, 500, 'too-slow');
    expect(told[1]).toMatchObject({ kind: 'cut', sentBytes: 1500, coveredBytes: 400 });
    // A piece of the middle is not all of it.
    await note(600, 100);
    await note(500, 499);
    expect(told).toHaveLength(2);
    await note(999, 1);
    expect(told[2]).toMatchObject({ kind: 'completed', coveredBytes: 1000, requests: 5 });
  });

  it('counts nothing of what was cut off for a request that leaves a gap behind it', async () => {
    const { told, note } = ledger();
    await note(0, 300, 'peer-gone');
    await note(500, 500);
    await note(300, 200);
    expect(told).toMatchObject([{ kind: 'cut' }]);
    await note(0, 300);
    expect(told[1]).toMatchObject({ kind: 'completed', coveredBytes: 1000 });
  });

  it('does not tell of each cut of a device that is cut off each second', async () => {
    const { clock, told, note } = ledger();
    for (let second = 0; second < 30; second += 1) {
      await note(0, 1, 'peer-gone');
      await clock.advance(1000);
    }
    expect(told.map(({ requests }) => requests)).toEqual([1, 11, 21]);
  });

  it('does not follow whoever asks for every other byte', async () => {
    const { told, note } = ledger();
    for (let byte = 0; byte < 1000; byte += 2) await note(byte, 1);
    for (let byte = 1; byte < 1000; byte += 2) await note(byte, 1);
    expect(told).toEqual([]);
    await note(0, 1000);
    expect(told).toMatchObject([{ kind: 'completed' }]);
  });
});
