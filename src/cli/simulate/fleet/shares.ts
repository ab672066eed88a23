import { parseDuration } from '../../../shared/index.ts';
import { CliError } from '../../codes.ts';

/** `3%` or `3` as 0.03. @throws CliError `cli/usage` */
export function parseShare(option: string, text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim()) ?? [];
  const percent = Number(number);
  if (number !== undefined && percent <= 100) return percent / 100;
  throw new CliError('cli/usage', `${option} ${text} is not a percentage`, {
    hint: 'Write a number from 0% to 100%, such as 3% or 0.5%.',
  });
}

/** `20%:1h`: which share of the devices, and how long they sleep. @throws CliError `cli/usage` */
export function parseSleep(text: string): { readonly share: number; readonly sleepMs: number } {
  const [share = '', duration] = text.split(':', 2);
  const sleepMs = duration === undefined ? 3_600_000 : parseDuration(duration);
  if (sleepMs !== null) return { share: parseShare('--sleep', share), sleepMs };
  throw new CliError('cli/usage', `--sleep ${text} does not end in a duration`, {
    hint: 'Write the share of devices and how long they sleep, such as 20%:1h.',
  });
}

/** `1.2.0` or `1.2.0=40%`: versions that crash, and on which share. @throws CliError `cli/usage` */
export function parseCrashes(texts: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    texts.map((text) => {
      const at = text.lastIndexOf('=');
      if (text === '' || at === 0) {
        throw new CliError('cli/usage', `--crash ${text} names no version`, {
          hint: 'Such as --crash 2.0.0 or --crash 2.0.0=40%.',
        });
      }
      return at === -1 ? [text, 1] : [text.slice(0, at), parseShare('--crash', text.slice(at + 1))];
    }),
  );
}
