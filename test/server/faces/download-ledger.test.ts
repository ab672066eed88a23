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
    note: (fromByte: number, sentBytes: number, cut: DownloadEnd['reason'] = null) =>
      own.note({ deviceId: 'a', packageId: 'main', artifact, fromByte, sentBytes, cut }),
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
      [60_000, 2],
      [0, 1],
    ]);
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
