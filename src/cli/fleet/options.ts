import type { Command } from 'commander';
import { CliError } from '../codes.ts';
import { durationOption as duration } from '../duration-option.ts';
import type { FleetOptions, OutputOptions } from './connection.ts';

/** What every command of the fleet takes. */
export type CommonOptions = FleetOptions & OutputOptions;

/** Adds where the fleet is and how the answer is printed. */
export function addCommon(command: Command): Command {
  return command
    .option('--server <url>', 'the server; OTAKIT_SERVER, or the fleet on this machine')
    .option('--token-file <file>', 'file with the token for it; OTAKIT_TOKEN otherwise')
    .option('--data <folder>', 'folder of a fleet on this machine')
    .option('--json', 'print JSON');
}

/** The same with what every list takes. */
export function addList(command: Command): Command {
  return addCommon(command)
    .option('--page <number>', 'which page, from 0')
    .option('--per-page <number>', 'how many on a page, 1 to 1000; 50 otherwise')
    .option('--sort <field>', 'by this field; -field for descending');
}

/** Collects an option that may be given several times. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** `5%` or `5` as a number of percent, of at least `least` and at most 100. */
export function percentOption(option: string, text: string, least: number): number {
  const value = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim())?.[1];
  const percent = Number(value);
  if (value !== undefined && percent >= least && percent <= 100) return percent;
  const what = value === undefined ? 'no percentage' : `not from ${least} to 100 %`;
  throw new CliError('cli/usage', `${option} ${text} is ${what}`, {
    hint: `Write a number from ${least} to 100, such as 5% or 12.5%.`,
  });
}

/** A duration such as `90s`, `4h` or `7d`, in milliseconds; `undefined` where the option was not given. */
export function durationOption(option: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : duration(option, text);
}

/** A whole number, of at least 1 unless said otherwise; `undefined` where the option was not given. */
export function countOption(
  option: string,
  text: string | undefined,
  least = 1,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (text === undefined) return undefined;
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(count) && count >= least && count <= most) return count;
  const to = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`;
  throw new CliError('cli/usage', `${option} ${text} is no whole number from ${least}${to}`);
}

/** `key=value`, repeated, as an object. */
export function parsePairs(pairs: readonly string[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) {
        throw new CliError('cli/usage', `"${pair}" has no "="`, { hint: 'Write key=value.' });
      }
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** A JSON value from the command line. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError('cli/usage', `"${text}" is not JSON`, {
      hint: 'Quote it for the shell: \'{"seconds": 5}\'.',
      cause,
    });
  }
}
