import { describe, expect, it } from 'vitest';
import { parseLineFilter } from '../../../src/flash/monitor/filter.ts';
import { logLevelOf, parseLogLevel } from '../../../src/flash/monitor/log-level.ts';

describe('the level of a line', () => {
  it.each([
    ['E (123) wifi: no memory', 'error'],
    ['W (1) boot.esp32: old', 'warning'],
    ['I (01:02:03.456) app: hello', 'info'],
    ['D (5) a_b: x', 'debug'],
    ['V (5) tag: x', 'verbose'],
    ['[  1234][E][WiFi.cpp:42] begin(): failed', 'error'],
    ['ERROR - panicked', 'error'],
    ['[WARN] careful', 'warning'],
    ['TRACE - deep', 'verbose'],
    ['Error: something', null],
    ['I am no log line', null],
    ["Guru Meditation Error: Core  0 panic'ed", null],
    ['', null],
  ])('%j is %s', (text, level) => {
    expect(logLevelOf(text)).toBe(level);
  });

  it('is known by name and by letter', () => {
    expect(['E', 'warning', 'Info', 'v', 'x', ''].map(parseLogLevel)).toEqual([
      'error',
      'warning',
      'info',
      'verbose',
      null,
      null,
    ]);
  });
});

describe('a filter', () => {
  it('by level keeps what is as grave, and what is no log line', () => {
    const filter = parseLineFilter('W');
    expect(filter('', 'error')).toBe(true);
    expect(filter('', 'warning')).toBe(true);
    expect(filter('', 'info')).toBe(false);
    expect(filter('rst:0x1', null)).toBe(true);
  });

  it('by text looks for it in any case', () => {
    const filter = parseLineFilter('WiFi');
    expect(filter('I (1) wifi: up', 'info')).toBe(true);
    expect(filter('I (1) boot: x', 'info')).toBe(false);
  });
});
