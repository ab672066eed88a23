import { formatRevision } from '../../app-image/index.ts';
import { chipByName } from '../../chips/index.ts';
import {
  type Backup,
  type DeviceInfo,
  FlashError,
  parseBackup,
  type PartReport,
  readBackup,
  serializeBackup,
  writeParts,
} from '../../flash/index.ts';
import { formatDuration, formatSize, systemClock } from '../../shared/index.ts';
import { checkOutputFile, readInputFile, writeOutputFile } from '../files.ts';
import { createProgressBar } from '../progress-bar.ts';
import type { Cli } from '../nouns.ts';
import { type PortOptions, withDevice } from './session.ts';

export interface BackupOptions extends PortOptions {
  readonly output: string;
  readonly force?: true;
  readonly json?: true;
}

/** `otakit flash backup -o FILE` */
export async function backup(options: BackupOptions, cli: Cli): Promise<void> {
  const { stdout, stderr } = cli.context;
  // Reading takes minutes, which are lost where the file cannot be written.
  const overwrite = options.force === true;
  await checkOutputFile(options.output, { overwrite });
  const bar = createProgressBar(stderr, systemClock);
  const start = systemClock.now();
  const made = await withDevice(options, cli, (device) =>
    readBackup(device, bar.onProgress),
  ).finally(() => bar.finish());
  const file = await serializeBackup(made);
  await writeOutputFile(options.output, file, { overwrite });
  const { info } = made;
  stdout.write(
    options.json
      ? `${JSON.stringify({ file: options.output, fileBytes: file.length, ...info }, null, 2)}\n`
      : `${options.output}: ${describe(info)}, ${formatSize(info.flashSizeBytes)} of flash in ${formatSize(file.length)}, ${formatDuration(systemClock.now() - start)}\n`,
  );
}

export interface RestoreOptions extends PortOptions {
  readonly otherBoard?: true;
  readonly json?: true;
}

/** `otakit flash restore FILE` */
export async function restore(path: string, options: RestoreOptions, cli: Cli): Promise<void> {
  const { stdout, stderr } = cli.context;
  const made = await parseBackup(await readInputFile(path));
  stderr.write(`Restoring all ${formatSize(made.content.length)} of ${describe(made.info)}\n`);
  const bar = createProgressBar(stderr, systemClock);
  const start = systemClock.now();
  const report = await withDevice(options, cli, async (device) => {
    assertSameBoard(made, device.info, options);
    const whole = { name: 'flash', flashOffset: 0, data: made.content };
    const [part] = await writeParts(device, [whole], { onProgress: bar.onProgress });
    return part;
  }).finally(() => bar.finish());
  if (options.json) {
    stdout.write(`${JSON.stringify({ file: path, ...report }, null, 2)}\n`);
  } else if (report !== undefined) {
    stdout.write(`${path}: ${outcome(report)}, ${formatDuration(systemClock.now() - start)}\n`);
  }
}

function outcome({ writtenBytes, erasedBytes }: PartReport): string {
  if (writtenBytes + erasedBytes === 0) return 'the flash held all of it already';
  return `restored and verified; wrote ${formatSize(writtenBytes)}, erased ${formatSize(erasedBytes)}`;
}

function assertSameBoard(
  { info }: Backup,
  board: DeviceInfo,
  { otherBoard }: RestoreOptions,
): void {
  const differences = [
    ...(info.chip === board.chip ? [] : ['the chip']),
    ...(info.flashSizeBytes === board.flashSizeBytes ? [] : ['the size of the flash']),
    ...(info.mac === board.mac || otherBoard ? [] : ['the MAC address']),
  ];
  if (differences.length === 0) return;
  throw new FlashError(
    'flash/other-board',
    `the backup is of ${describe(info)}, this is ${describe(board)}: ${differences.join(' and ')} differs`,
    {
      hint:
        differences.length === 1 &&
        info.mac !== board.mac &&
        info.chip === board.chip &&
        info.flashSizeBytes === board.flashSizeBytes
          ? 'To put it on this board all the same: --other-board.'
          : 'Choose the board that it was made of.',
      details: { backup: info, board },
    },
  );
}

function describe({ chip, revision, mac }: DeviceInfo): string {
  return `${chipByName(chip).title} ${formatRevision(revision)} ${mac}`;
}
