import { describe, expect, it } from 'vitest';
import { Connection } from '../../src/flash/loader/connection.ts';
import { COMMAND } from '../../src/flash/loader/packet.ts';
import type { Link } from '../../src/transport/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A port whose driver takes all bytes at once and sends them in its own time; nothing comes back. */
function silentLink(): Link {
  return {
    target: 'test',
    usb: null,
    hasSignals: false,
    hasBaudRate: true,
    write: async () => {},
    read: (signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      }),
    setBaudRate: async () => {},
    setSignals: async () => {},
    discardInput: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

describe('a connection', () => {
  it('waits for an answer from when the command is through the line, not in the queue', async () => {
    const clock = new ManualClock();
    const connection = new Connection(silentLink(), clock);
    connection.baudRate = 9600;
    let failed = false;
    const block = new Uint8Array(960);
    const answer = connection.send(COMMAND.memData, block, { timeoutMs: 500 }).catch((error) => {
      failed = true;
      throw error;
    });
    answer.catch(() => {});
    await clock.sleeperFor(1500);
    await clock.advance(1499);
    expect(failed).toBe(false);
    await clock.advance(1);
    await expect(answer).rejects.toMatchObject({ code: 'flash/timeout' });
  });

  it('waits no longer where the line is through by then', async () => {
    const clock = new ManualClock();
    const connection = new Connection(silentLink(), clock);
    connection.baudRate = 9600;
    await connection.write(new Uint8Array(96));
    await clock.advance(5000);
    const answer = connection.answerTo(COMMAND.memData, 500);
    answer.catch(() => {});
    await clock.sleeperFor(500);
    await clock.advance(500);
    await expect(answer).rejects.toMatchObject({
      code: 'flash/timeout',
      details: { command: COMMAND.memData },
    });
  });
});
