import { parseDuration } from '../../shared/index.ts';
import { CliError } from '../codes.ts';

/** `--port`: a whole number up to 65535. */
export function portOption(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new CliError('cli/usage', `--port ${text} is no port`, {
    hint: 'Ports are 1 to 65535; 0 takes any that is free.',
  });
}

/** `--ttl`: how long a URL works, in milliseconds. */
export function ttlOption(text: string): number {
  const ttlMs = parseDuration(text);
  const longestMs = 10 * 365 * 24 * 60 * 60 * 1000;
  if (ttlMs !== null && ttlMs > 0 && ttlMs <= longestMs) return ttlMs;
  throw new CliError('cli/usage', `--ttl ${text} is no duration up to ten years`, {
    hint: 'For example 90m, 24h or 7d.',
  });
}
