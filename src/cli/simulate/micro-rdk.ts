import { fileURLToPath } from 'node:url';
import { inspectImage } from '../../app-image/index.ts';
import { type ChipName, parseChipName } from '../../chips/index.ts';
import { findOtaServices, parseMachineConfig } from '../../machine-config/index.ts';
import type { PartitionTable } from '../../partition-table/index.ts';
import { memorySource, systemClock } from '../../shared/index.ts';
import {
  createDial,
  createVirtualDevice,
  type DeviceConnection,
  type LogSink,
  MicroRdk,
  type MicroRdkEvent,
  openVirtualDevice,
  SimulatorError,
  type VirtualDevice,
  type VirtualDeviceParts,
} from '../../simulator/index.ts';
import { CliError } from '../codes.ts';
import { durationOption } from '../duration-option.ts';
import { readInputFile } from '../files.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import type { Cli } from '../nouns.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import { deviceMonitor } from './device-monitor.ts';
import { openConfigSource } from './config-source.ts';
import { Ending } from './ending.ts';

/** The options of `simulate micro-rdk` as commander hands them over. */
export interface MicroRdkArguments {
  readonly config?: string;
  readonly cloud?: string;
  readonly partitions?: string;
  readonly chip?: string;
  readonly image?: string;
  readonly state?: string;
  readonly fresh?: boolean;
  readonly poll: string;
  readonly eraseTime: string;
  readonly once?: boolean;
  readonly timeout?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** What new devices have where nothing else is said: the table of the current micro-RDK projects. */
const DEFAULT_TABLE = fileURLToPath(new URL('partitions/micro-rdk-8mb.csv', PACKAGE_ROOT));

/**
 * Runs a virtual micro-RDK until it has updated (`--once`), until it is past help, or until Ctrl-C.
 *
 * @throws CliError `cli/usage`, `cli/file-not-readable`, MachineConfigError, SimulatorError
 */
export async function simulateMicroRdk(
  options: MicroRdkArguments,
  { context }: Cli,
): Promise<void> {
  const pollMs = durationOption('--poll', options.poll);
  const eraseMs = durationOption('--erase-time', options.eraseTime);
  const timeoutMs =
    options.timeout === undefined ? null : durationOption('--timeout', options.timeout);
  if (timeoutMs !== null && options.once !== true) {
    throw new CliError('cli/usage', '--timeout without --once', {
      hint: 'Add --once: without it the device runs until Ctrl-C.',
    });
  }
  const notes = options.config === undefined ? [] : await notesOnConfig(options.config);
  await using source = await openConfigSource(options);
  await using device = await openDevice(options);
  const monitor = deviceMonitor(options, context);
  if (!device.isNew && options.image !== undefined) {
    notes.push('--image is for new devices; this one goes on with what it has (see --fresh)');
  }
  for (const note of notes) monitor.note(note);

  using ending = new Ending(context.signal, timeoutMs);
  const microRdk = new MicroRdk({
    flash: device.flash,
    chip: device.chip,
    values: device.values,
    config: source.config,
    logs: {
      write: (line) => {
        if (line.level === 'error') ending.lastFailure = line.message;
        monitor.logs.write(line);
        source.logs?.write(line);
      },
      ...(source.logs !== null && uploading(source.logs)),
    },
    dial: createDial(),
    clock: systemClock,
    eraseMs,
    onEvent: (event) => {
      monitor.show(event);
      judge(event, ending, options.once === true);
    },
  });
  await microRdk.powerOn();
  await ending.of(microRdk.run(pollMs, ending.signal));
}

function uploading(connection: DeviceConnection): Omit<LogSink, 'write'> {
  return {
    upload: (signal) => connection.upload(signal),
    discard: () => connection.discard(),
  };
}

/** Whether an event is the last one. */
function judge(event: MicroRdkEvent, ending: Ending, once: boolean): void {
  if (event.kind === 'stuck') {
    ending.fail(
      new SimulatorError('simulator/not-bootable', `the device boots no more: ${event.message}`, {
        hint: 'A real one would need a cable now. Start over with --fresh, or without --state.',
      }),
    );
  }
  if (event.kind === 'deprovisioned') {
    ending.fail(
      new SimulatorError(
        'simulator/credentials-refused',
        `the cloud refused the device's credentials: ${event.message}`,
        {
          hint: 'Check "id" and "secret" in viam.json. A real device has erased its own now and waits to be provisioned anew; the file is as it was.',
        },
      ),
    );
  }
  if (event.kind !== 'rebooted' || event.reason !== 'update' || !once) return;
  if (!event.fellBack) {
    ending.done();
    return;
  }
  ending.fail(
    new SimulatorError(
      'simulator/fell-back',
      `the bootloader refused the new image: ${event.slot} runs version ${event.version ?? 'unknown'}, under the tag ${event.tag ?? ''}`,
      {
        hint: 'Check the image with `otakit image check`, and push it under another tag: the device takes this one as done.',
        details: { slot: event.slot, version: event.version, tag: event.tag },
      },
    ),
  );
}

async function openDevice(options: MicroRdkArguments): Promise<VirtualDevice> {
  if (options.fresh === true && options.state === undefined) {
    throw new CliError('cli/usage', '--fresh without --state', {
      hint: 'Without --state the device is new each time.',
    });
  }
  const chip = options.chip === undefined ? undefined : chipOf(options.chip);
  const table =
    options.partitions === undefined ? undefined : await loadPartitionTable(options.partitions);
  const forNew = () => partsFor(chip, table, options.image);
  if (options.state === undefined) return createVirtualDevice(await forNew());
  return openVirtualDevice(
    options.state,
    {
      ...(chip !== undefined && { chip }),
      ...(table !== undefined && { table }),
      fresh: options.fresh === true,
    },
    forNew,
  );
}

async function partsFor(
  chip: ChipName | undefined,
  table: PartitionTable | undefined,
  imagePath: string | undefined,
): Promise<VirtualDeviceParts> {
  const image = imagePath === undefined ? undefined : await readInputFile(imagePath);
  return {
    chip: chip ?? (image === undefined ? null : await chipOfImage(image)) ?? 'esp32',
    table: table ?? (await loadPartitionTable(DEFAULT_TABLE)),
    ...(image !== undefined && { image }),
  };
}

async function chipOfImage(image: Uint8Array): Promise<ChipName | null> {
  const inspection = await inspectImage(memorySource(image));
  return inspection.kind === 'app-image' ? inspection.chip : null;
}

function chipOf(text: string): ChipName {
  const chip = parseChipName(text);
  if (chip !== null && chip !== 'esp8266') return chip;
  throw new CliError('cli/usage', `--chip ${text} is not an ESP32`, {
    hint: 'Use a name such as esp32 or esp32c6, the chips that micro-RDK supports.',
  });
}

/** What a newcomer should know about a config before wondering why nothing happens. */
async function notesOnConfig(path: string): Promise<string[]> {
  const text = new TextDecoder().decode(await readInputFile(path));
  const services = findOtaServices(parseMachineConfig(text).value);
  if (services.length === 0) return [`${path} has no OTA service; the device waits for one`];
  return services.some(({ model }) => model === 'rdk:builtin:ota_service')
    ? []
    : [
        `${path} has only the short model name "ota_service": the cloud writes it out as "rdk:builtin:ota_service", and the device knows only that`,
      ];
}
