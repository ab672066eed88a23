import { createCodeMap, parseElf } from '../../app-image/index.ts';
import { type ElfUnderTest, onlyBoardPort, parseLineFilter } from '../../flash/index.ts';
import { sha256, toHex } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { readInputFile } from '../files.ts';
import { watchBoard } from './watch-board.ts';

/** What `otakit monitor` takes. */
export interface MonitorCommandOptions {
  readonly port?: string;
  readonly baud: string;
  readonly elf?: string;
  readonly reset?: boolean;
  readonly timestamps?: boolean;
  readonly filter?: string;
  readonly log?: string;
  readonly json?: boolean;
}

/** `otakit monitor`: until Ctrl-C. */
export async function monitor(options: MonitorCommandOptions, context: CliContext): Promise<void> {
  const baudRate = consoleRate('--baud', options.baud);
  const elf = options.elf === undefined ? null : await readElf(options.elf);
  const target = options.port ?? (await onlyBoardPort());
  await watchBoard(context, {
    target,
    baudRate,
    elf,
    reset: options.reset === true,
    timestamps: options.timestamps === true,
    filter: options.filter === undefined ? () => true : parseLineFilter(options.filter),
    logPath: options.log ?? null,
    json: options.json === true,
  });
}

/**
 * The program of an .elf file, for decoding addresses.
 *
 * @throws CliError `cli/file-not-readable`, AppImageError `app-image/bad-elf`
 */
export async function readElf(path: string): Promise<ElfUnderTest> {
  const bytes = await readInputFile(path);
  return { codeMap: createCodeMap(parseElf(bytes)), sha256: toHex(await sha256(bytes)) };
}

/** The rate of a board’s console. @throws CliError `cli/usage` */
export function consoleRate(option: string, text: string): number {
  const baudRate = Number(text);
  if (Number.isInteger(baudRate) && baudRate >= 300 && baudRate <= 6_000_000) return baudRate;
  throw new CliError('cli/usage', `${option} ${text} is not a rate`, {
    hint: 'Write a number from 300 to 6000000; ESP consoles use 115200 unless configured otherwise.',
  });
}
