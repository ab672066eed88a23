import { describe, expect, it } from 'vitest';
import { WaitingRoom } from '../../../src/server/faces/commands/waiting-room.ts';
import { WakeUp } from '../../../src/server/faces/commands/wake-up.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('the waiting room', () => {
  it('is full at some time: server/busy, with a time to come back', () => {
    const room = new WaitingRoom({ places: 2, perDevice: 2 });
    room.enter('a', () => {});
    const seat = room.enter('b', () => {});
    expect(() => room.enter('c', () => {})).toThrow(
      expect.objectContaining({ code: 'server/busy' }) as Error,
    );
    seat[Symbol.dispose]();
    expect(() => room.enter('c', () => {})).not.toThrow();
  });

  it('ends the oldest wait of a device that comes again and again', () => {
    const room = new WaitingRoom({ places: 10, perDevice: 2 });
    const left: number[] = [];
    for (const turn of [1, 2, 3]) room.enter('a', () => left.push(turn));
    expect(left).toEqual([1]);
  });
});

describe('WakeUp', () => {
  it('keeps news that come while nobody waits, once', async () => {
    const clock = new ManualClock();
    const wakeUp = new WakeUp(clock);
    wakeUp.news();
    expect(await wakeUp.wait(1000)).toBe('news');
    const waiting = wakeUp.wait(1000);
    await clock.advance(1000);
    expect(await waiting).toBe('time');
  });

  it('wakes at news and at the end', async () => {
    const wakeUp = new WakeUp(new ManualClock());
    const first = wakeUp.wait(1000);
    wakeUp.news();
    expect(await first).toBe('news');
    const second = wakeUp.wait(1000);
    wakeUp.end();
    expect(await second).toBe('over');
    expect(await wakeUp.wait(1000)).toBe('over');
  });
});
