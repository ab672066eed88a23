import { readFileSync } from 'node:fs';
import { buildAppImage, serializeAppDescriptor } from '../../src/app-image/index.ts';
import { chipByName, type ChipName } from '../../src/chips/index.ts';
import { parsePartitionTable, smallestFlashBytes } from '../../src/partition-table/index.ts';
import {
  chipAsSold,
  createDial,
  type DeviceConnection,
  type Dial,
  type DialOptions,
  type LogSink,
  manufacture,
  MicroRdk,
  type MicroRdkEvent,
  readMachineConfig,
  type StoredValues,
  valuesInMemory,
  VirtualFlash,
} from '../../src/simulator/index.ts';
import { buildTestApp } from './build-image.ts';
import { ManualClock } from './manual-clock.ts';
import { REPOSITORY } from './source-files.ts';

/** The device's sleep between connection attempts. */
export const RETRY_MS = 1000;
/** The device's patience for each frame. */
export const FRAME_TIMEOUT_MS = 30_000;

/** A table with two small slots, so that a test's flash is small. */
export const SMALL_TABLE = [
  'nvs, data, nvs, 0x9000, 0x4000',
  'otadata, data, ota, 0xd000, 0x2000',
  'ota_0, app, ota_0, 0x10000, 0x20000',
  'ota_1, app, ota_1, 0x30000, 0x20000',
].join('\n');
export const SMALL_SLOT_BYTES = 0x20000;

export interface TestDeviceOptions {
  readonly table?: string;
  readonly chip?: ChipName;
  /** The firmware that runs at first; an ordinary one by default. */
  readonly firmware?: Uint8Array;
  readonly dial?: Dial;
  readonly dialOptions?: DialOptions;
  readonly clock?: ManualClock;
  readonly values?: StoredValues;
  readonly eraseMs?: number;
  /** Where it takes its config from and sends its log, instead of what the test sets. */
  readonly cloud?: DeviceConnection;
  /** Instead of a config that the test sets later. */
  readonly configText?: string;
}

/** A virtual micro-RDK in memory, switched on, with all that it says and does. */
export interface TestDevice {
  readonly device: MicroRdk;
  readonly flash: VirtualFlash;
  readonly values: StoredValues;
  readonly clock: ManualClock;
  readonly events: MicroRdkEvent[];
  /** The messages of its log, in order. */
  readonly log: string[];
  /** Polls once, with this OTA service in its config (or the config as it was). */
  readonly poll: (attributes?: unknown) => Promise<void>;
  readonly setConfig: (config: unknown) => void;
  readonly kinds: () => readonly string[];
  readonly failures: () => readonly string[];
}

/** The attributes of an OTA service. */
export function ota(
  url: string,
  version = 'v2',
): { readonly url: string; readonly version: string } {
  return { url, version };
}

/** A machine config with one OTA service. */
export function machineConfig(attributes: unknown, model = 'rdk:builtin:ota_service'): unknown {
  return { services: [{ name: 'OTA', api: 'rdk:service:generic', model, attributes }] };
}

export async function createTestDevice(options: TestDeviceOptions = {}): Promise<TestDevice> {
  const table = parsePartitionTable(new TextEncoder().encode(options.table ?? SMALL_TABLE));
  const flash = VirtualFlash.inMemory(smallestFlashBytes(table) ?? 0);
  const chip = chipByName(options.chip ?? 'esp32');
  const firmware = options.firmware ?? (await buildTestApp({ chip: chip.name }));
  await manufacture(flash, table, firmware);
  const clock = options.clock ?? new ManualClock((durationMs) => durationMs === RETRY_MS);
  const values = options.values ?? valuesInMemory();
  const events: MicroRdkEvent[] = [];
  const log: string[] = [];
  let config = options.configText ?? '{}';
  const device = new MicroRdk({
    chip: chipAsSold(chip),
    config: options.cloud ?? { fetch: async () => readMachineConfig(config) },
    logs: {
      write: (line) => {
        log.push(line.message);
        options.cloud?.write(line);
      },
      ...(options.cloud !== undefined && uploading(options.cloud)),
    },
    dial: options.dial ?? createDial(options.dialOptions),
    onEvent: (event) => events.push(event),
    flash,
    clock,
    values,
    eraseMs: options.eraseMs ?? 0,
  });
  await device.powerOn();
  const setConfig = (value: unknown) => {
    config = JSON.stringify(value);
  };
  return {
    device,
    flash,
    values,
    clock,
    events,
    log,
    setConfig,
    poll: (attributes) => {
      if (attributes !== undefined) setConfig(machineConfig(attributes));
      return device.poll(new AbortController().signal);
    },
    kinds: () => events.map(({ kind }) => kind),
    failures: () => events.flatMap((event) => (event.kind === 'failed' ? [event.message] : [])),
  };
}

function uploading(cloud: DeviceConnection): Omit<LogSink, 'write'> {
  return { upload: (signal) => cloud.upload(signal), discard: () => cloud.discard() };
}

/** An image that the running app finds nothing wrong with, but that makes the bootloader abort. */
export function buildAppWithoutMappedCode(): Promise<Uint8Array<ArrayBuffer>> {
  return buildAppImage({
    chip: 'esp32',
    entryPoint: 0x40080000,
    segments: [
      { loadAddress: 0x3f400020, data: serializeAppDescriptor({ version: '1.0.0' }) },
      { loadAddress: 0x40080000, data: new Uint8Array(16) },
    ],
  });
}

/** A file of `partitions/`. */
export function preset(name: string): string {
  return readFileSync(`${REPOSITORY}partitions/${name}.csv`, 'utf8');
}
