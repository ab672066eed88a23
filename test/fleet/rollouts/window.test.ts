import { describe, expect, it } from 'vitest';
import { formatWindow, isOpen, isTimeZone, opensAt } from '../../../src/fleet/rollouts/window.ts';

const at = (text: string) => Date.parse(text);
const night = { fromMinute: 60, toMinute: 300, timeZone: 'Europe/Berlin' };

describe('a maintenance window', () => {
  it.each([
    ['2026-01-10T00:00:00Z', true],
    ['2026-01-09T23:59:59Z', false],
    ['2026-01-10T03:59:59Z', true],
    ['2026-01-10T04:00:00Z', false],
    // Summer time: an hour earlier by UTC.
    ['2026-07-09T23:00:00Z', true],
    ['2026-07-10T03:00:00Z', false],
  ])('of 01:00-05:00 in Berlin at %s is open: %s', (time, open) => {
    expect(isOpen(night, at(time))).toBe(open);
  });

  it('may pass midnight, and may be all day', () => {
    const late = { fromMinute: 1380, toMinute: 60, timeZone: 'UTC' };
    expect(isOpen(late, at('2026-01-10T23:00:00Z'))).toBe(true);
    expect(isOpen(late, at('2026-01-11T00:59:00Z'))).toBe(true);
    expect(isOpen(late, at('2026-01-11T01:00:00Z'))).toBe(false);
    expect(isOpen({ ...late, toMinute: 1380 }, at('2026-01-11T12:00:00Z'))).toBe(true);
  });

  it.each([
    // Open already.
    [night, '2026-01-10T02:00:00Z', '2026-01-10T02:00:00Z'],
    [night, '2026-01-10T12:34:56Z', '2026-01-11T00:00:00Z'],
    // Over the night in which summer time begins (at 01:00 UTC), and the one in which it ends.
    [{ ...night, fromMinute: 240 }, '2026-03-28T12:00:00Z', '2026-03-29T02:00:00Z'],
    [{ ...night, fromMinute: 240 }, '2026-10-24T12:00:00Z', '2026-10-25T03:00:00Z'],
    // The clocks skip 02:00 to 03:00: it opens right after.
    [{ ...night, fromMinute: 150 }, '2026-03-29T00:30:00Z', '2026-03-29T01:00:00Z'],
    // Skipped as a whole: the next day's.
    [{ ...night, fromMinute: 130, toMinute: 170 }, '2026-03-29T00:30:00Z', '2026-03-30T00:10:00Z'],
    // A zone with a quarter of an hour.
    [{ ...night, timeZone: 'Asia/Kathmandu' }, '2026-01-10T12:00:00Z', '2026-01-10T19:15:00Z'],
  ])('%j after %s opens at %s', (window, now, opens) => {
    expect(new Date(opensAt(window, at(now))).toISOString()).toBe(new Date(opens).toISOString());
  });

  it('says itself in words, and knows time zones', () => {
    expect(formatWindow(night)).toBe('01:00-05:00 Europe/Berlin');
    expect(isTimeZone('Europe/Berlin')).toBe(true);
    expect(isTimeZone('Mars/Olympus')).toBe(false);
  });
});
