import type { FlashDevice } from '../../flash/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { consoleRate, readElf } from '../monitor/monitor.ts';
import { watchBoard } from '../monitor/watch-board.ts';

/** What the writing commands can be told of watching the board afterwards. */
export interface MonitorOptions {
  readonly monitor?: true;
  readonly elf?: string;
  readonly monitorBaud: string;
}

/** Watches a board from its very first line, over the link that it was flashed over. */
export interface MonitorAfter {
  /** Keeps a board that is flashed, and still in its loader. */
  readonly keep: (device: FlashDevice) => Promise<void>;
  /** Listens, starts the board that was kept, and shows what it prints until Ctrl-C. */
  readonly watch: (context: CliContext) => Promise<void>;
}

/**
 * Everything for `--monitor` that can be checked before a board is touched; `null` without it.
 *
 * @throws CliError `cli/usage`, `cli/file-not-readable`
 */
export async function prepareMonitor(
  options: MonitorOptions & { readonly reset: boolean; readonly json?: true },
): Promise<MonitorAfter | null> {
  if (options.monitor === undefined) {
    if (options.elf === undefined) return null;
    throw new CliError('cli/usage', '--elf is for --monitor', { hint: 'Add --monitor.' });
  }
  if (!options.reset) {
    throw new CliError('cli/usage', '--monitor starts the board, --no-reset does not', {
      hint: 'Leave one of the two out.',
    });
  }
  const baudRate = consoleRate('--monitor-baud', options.monitorBaud);
  const elf = options.elf === undefined ? null : await readElf(options.elf);
  let kept: FlashDevice | null = null;
  return {
    keep: async (device) => {
      kept = device;
      device.handOver();
    },
    watch: async (context) => {
      const device = kept;
      if (device === null) return;
      await watchBoard(context, {
        target: device.target,
        link: device.handOver(),
        reset: () => device.reset(baudRate),
        baudRate,
        elf,
        timestamps: false,
        filter: () => true,
        logPath: null,
        json: options.json === true,
      });
    },
  };
}
