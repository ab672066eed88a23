import { parseSize, systemClock } from '../../shared/index.ts';
import {
  type ChipListener,
  firmware,
  listenPty,
  listenRfc2217,
  listenTcp,
  parseChipFaults,
  VirtualChip,
} from '../../simulator/index.ts';
import { chipOption } from '../chip-option.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { readInputFile, writeOutputFile } from '../files.ts';

/** What `otakit simulate chip` takes. */
export interface ChipCommandOptions {
  readonly chip: string;
  readonly flash: string;
  readonly image?: string;
  readonly state?: string;
  readonly listen: string;
  readonly baudLimit?: string;
  readonly flashTime: string;
  readonly faults?: string;
  readonly echo?: boolean;
  readonly json?: boolean;
}

/** `otakit simulate chip`; runs until it is interrupted. */
export async function simulateChip(
  options: ChipCommandOptions,
  context: CliContext,
): Promise<void> {
  const failure = Promise.withResolvers<never>();
  const chip = await createChip(options, failure.reject);
  if (options.echo) chip.onPrint((text) => context.stderr.write(text));
  try {
    const announce = (target: string) =>
      context.stdout.write(options.json ? `${JSON.stringify({ target })}\n` : `${target}\n`);
    await using listener = await listen(chip, options.listen, announce);
    announce(listener.target);
    context.stderr.write('Ctrl-C stops.\n');
    await Promise.race([failure.promise, interrupted(context.signal)]);
  } finally {
    // Its application would go on for ever, and this process with it.
    chip.powerOff();
    if (options.state !== undefined) {
      const flash = chip.flash.read(0, chip.flash.sizeBytes);
      await writeOutputFile(options.state, flash, { overwrite: true });
    }
  }
}

async function createChip(
  options: ChipCommandOptions,
  onError: (error: unknown) => void,
): Promise<VirtualChip> {
  const chip = new VirtualChip({
    chip: chipOption(options.chip),
    clock: systemClock,
    boot: firmware(systemClock),
    onError,
    flashSizeBytes: flashSize(options.flash),
    timeScale: numberOption('--flash-time', options.flashTime),
    ...(options.baudLimit === undefined
      ? {}
      : { baudLimit: numberOption('--baud-limit', options.baudLimit) }),
    ...(options.faults === undefined
      ? {}
      : { faults: parseChipFaults(new TextDecoder().decode(await readInputFile(options.faults))) }),
  });
  const kept = options.state === undefined ? null : await readIfThere(options.state);
  const first = options.image === undefined ? null : await readInputFile(options.image);
  const content = kept ?? first;
  if (content !== null) chip.flash.load(0, content);
  return chip;
}

/** A state file of an earlier run; `null` on the first. */
async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readInputFile(path);
  } catch (error) {
    const cause = error instanceof CliError ? (error.cause as NodeJS.ErrnoException) : null;
    if (cause?.code === 'ENOENT') return null;
    throw error;
  }
}

async function listen(
  chip: VirtualChip,
  where: string,
  onRename: (target: string) => void,
): Promise<ChipListener> {
  const link = /^pty(?::(.+))?$/.exec(where);
  if (link !== null) {
    return listenPty(chip, { onRename, ...(link[1] === undefined ? {} : { link: link[1] }) });
  }
  const match = /^(tcp|rfc2217):\/\/(\[[^\]]+\]|[^:/]+):(\d{1,5})$/.exec(where);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new CliError('cli/usage', `--listen ${where} is nothing to listen on`, {
      hint: 'Write tcp://127.0.0.1:5555, rfc2217://127.0.0.1:4000, pty or pty:LINK; port 0 takes any free one.',
    });
  }
  const host = (match[2] ?? '').replace(/^\[|\]$/g, '');
  return match[1] === 'tcp'
    ? listenTcp(chip, host, port, { onRename })
    : listenRfc2217(chip, host, port, systemClock, { onRename });
}

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}

function flashSize(text: string): number {
  const bytes = parseSize(text);
  const isPowerOfTwo = bytes !== null && bytes > 0 && Math.log2(bytes) % 1 === 0;
  if (bytes !== null && isPowerOfTwo && bytes >= 2 ** 18 && bytes <= 2 ** 27) return bytes;
  throw new CliError('cli/usage', `--flash ${text} is not a size of a flash chip`, {
    hint: 'Write 1MB, 2MB, 4MB, 8MB, 16MB, 32MB, 64MB or 128MB.',
  });
}

function numberOption(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new CliError('cli/usage', `${option} ${text} is not a number`, {
    hint: 'Write a plain number, such as 921600.',
  });
}
