import { parseDuration } from '../../../shared/index.ts';
import { FAULTLESS, type FleetBehaviour } from '../../../simulator/index.ts';
import { CliError } from '../../codes.ts';
import type { FleetOptions } from '../../fleet/connection.ts';
import { parseCrashes, parseShare, parseSleep } from './shares.ts';

/** The options of `simulate fleet` as commander hands them over. */
export interface SimulateFleetOptions extends FleetOptions {
  readonly json?: boolean;
  readonly devices: string;
  readonly provisionWith?: string;
  readonly blueprint?: string;
  readonly cohort?: string;
  readonly seed: string;
  readonly prefix: string;
  readonly runs: string;
  readonly fail: string;
  readonly bootOld: string;
  readonly crash?: readonly string[];
  readonly drop: string;
  readonly sleep: string;
  readonly chunked: string;
  readonly listen: string;
  readonly publicKey?: readonly string[];
  readonly speed: string;
  readonly connections: string;
  readonly state?: string;
  readonly fresh?: boolean;
  readonly for?: string;
}

const MOST_DEVICES = 100_000;
const MOST_CONNECTIONS = 20_000;

/** What the options come to. */
export interface FleetRun {
  readonly behaviour: FleetBehaviour;
  readonly count: number;
  readonly connections: number;
  readonly speed: number;
  /** `null` runs until Ctrl-C. */
  readonly forMs: number | null;
}

/** @throws CliError `cli/usage` */
export function parseOptions(options: SimulateFleetOptions): FleetRun {
  return {
    behaviour: behaviourOf(options),
    count: wholeNumber('--devices', options.devices, MOST_DEVICES),
    connections: wholeNumber('--connections', options.connections, MOST_CONNECTIONS),
    speed: speedOf(options.speed),
    forMs: options.for === undefined ? null : durationOf('--for', options.for),
  };
}

function behaviourOf(options: SimulateFleetOptions): FleetBehaviour {
  const { share: sleepShare, sleepMs } = parseSleep(options.sleep);
  return {
    ...FAULTLESS,
    seed: options.seed,
    failShare: parseShare('--fail', options.fail),
    bootOldShare: parseShare('--boot-old', options.bootOld),
    dropShare: parseShare('--drop', options.drop),
    chunkShare: parseShare('--chunked', options.chunked),
    listenShare: parseShare('--listen', options.listen),
    sleepShare,
    sleepMs,
    crashes: parseCrashes(options.crash ?? []),
  };
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new CliError('cli/usage', `${option} ${text} is not a number from 1 to ${most}`, {
    hint: `Write it in digits, such as ${option} 200.`,
  });
}

function speedOf(text: string): number {
  const value = Number(text.replace(/x$/, ''));
  if (value >= 0.1 && value <= 100_000) return value;
  throw new CliError('cli/usage', `--speed ${text} is not a factor from 0.1 to 100000`, {
    hint: 'Write how many times faster time goes, such as 60.',
  });
}

function durationOf(option: string, text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return durationMs;
  throw new CliError('cli/usage', `${option} ${text} is not a duration`, {
    hint: 'Write it as 30s, 5m or 1h.',
  });
}
