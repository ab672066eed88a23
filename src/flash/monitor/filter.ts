import { LOG_LEVELS, type LogLevel, parseLogLevel } from './log-level.ts';

/** Which lines are shown. */
export type LineFilter = (text: string, level: LogLevel | null) => boolean;

/**
 * A filter as people write it: a level (`warning`, `W`) shows that and what is graver, and whatever is
 * no log line, so that no boot line or panic is hidden; anything else must be in the line, in any case
 * of letters.
 */
export function parseLineFilter(text: string): LineFilter {
  const least = parseLogLevel(text);
  if (least !== null) {
    const limit = LOG_LEVELS.indexOf(least);
    return (_, level) => level === null || LOG_LEVELS.indexOf(level) <= limit;
  }
  const wanted = text.toLowerCase();
  return (line) => line.toLowerCase().includes(wanted);
}
