import { systemClock } from '../../shared/index.ts';
import { boardPorts, type FlashDevice, onlyBoardPort, openDevice } from '../../flash/index.ts';
import { CliError } from '../codes.ts';
import { openPort } from '../links.ts';
import type { Cli } from '../nouns.ts';
import { patientOpen } from '../patient-open.ts';

/** The options of every command that talks to a board. */
export interface PortOptions {
  readonly port?: string;
  readonly baud?: string;
  /** `false` for --no-stub. */
  readonly stub: boolean;
  /** `false` for --no-reset. */
  readonly reset: boolean;
}

/** The rate of `--baud`. */
export function baudOption(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const baudRate = Number(text);
  if (Number.isInteger(baudRate) && baudRate >= 9600 && baudRate <= 6_000_000) return baudRate;
  throw new CliError('cli/usage', `--baud ${text} is not a rate`, {
    hint: 'Write a number from 9600 to 6000000, such as 115200, 460800, 921600 or 2000000.',
  });
}

/** The one port that is meant: `--port`, or the only board that is plugged in. */
export async function targetOf({ port }: PortOptions): Promise<string> {
  return port ?? (await onlyBoardPort());
}

/**
 * The ports that are meant: several with commas between them, or `all` that boards are plugged into.
 *
 * @throws FlashError `flash/no-board`
 */
export async function targetsOf({ port }: PortOptions): Promise<readonly string[]> {
  if (port === undefined) return [await onlyBoardPort()];
  if (port !== 'all') return severalPorts(port);
  const ports = await boardPorts();
  return ports.length > 0 ? ports : [await onlyBoardPort()];
}

function severalPorts(port: string): readonly string[] {
  const targets = port.split(',').map((target) => target.trim());
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  if (twice === undefined && !targets.includes('')) return targets;
  throw new CliError(
    'cli/usage',
    twice === undefined || twice === ''
      ? `--port ${port} names no port between two commas`
      : `--port names ${twice} twice`,
    { hint: 'Name each port once, with commas between them.' },
  );
}

/** {@link withDeviceAt} on the one port that is meant. */
export async function withDevice<Result>(
  options: PortOptions,
  cli: Cli,
  work: (device: FlashDevice) => Promise<Result>,
): Promise<Result> {
  return withDeviceAt(await targetOf(options), options, cli, work);
}

/**
 * Connects to a board, works with it, and starts its application again, also where the work failed or
 * was stopped by Ctrl-C: a board is never left hanging in its loader.
 *
 * @param finish what to do instead of starting the application when the work went well
 */
export async function withDeviceAt<Result>(
  target: string,
  options: PortOptions,
  { context }: Cli,
  work: (device: FlashDevice) => Promise<Result>,
  finish: (device: FlashDevice) => Promise<unknown> = async (device) =>
    options.reset ? device.reset() : null,
): Promise<Result> {
  await using device = await openDevice(patientOpen(openPort, systemClock), target, {
    clock: systemClock,
    signal: context.signal,
    baudRate: baudOption(options.baud),
    stub: options.stub,
  });
  let result: Result;
  try {
    result = await work(device);
  } catch (error) {
    // What went wrong first is what matters; a board that is gone cannot be reset either.
    if (options.reset) await device.reset().catch(() => {});
    throw error;
  }
  await finish(device);
  return result;
}
