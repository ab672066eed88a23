import { type BootPartition, slotName } from '../../flash-data/index.ts';
import { hangUpOnAbort, type Download, type Network, requestImage } from './connect.ts';
import { EspFailure, UpdateFailure } from './failure.ts';
import { FIRMWARE_HEADER_BYTES, readFirmwareInfo } from './firmware-info.ts';
import { Http2Failure } from './http2/errors.ts';
import { OtaWriter, type RunningChip } from './ota-partition.ts';
import type { ServiceSettings } from './service-settings.ts';
import type { StoredValues } from './stored-values.ts';

const FRAME_TIMEOUT_SECONDS = 30;

/** How far an update has come, for whoever watches. */
export interface UpdateProgress {
  readonly slot: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** All that an update works with. */
export interface UpdateContext extends RunningChip, Network {
  readonly values: StoredValues;
  /** How long erasing a slot keeps the chip busy. */
  readonly eraseMs: number;
  readonly onProgress: (progress: UpdateProgress) => void;
  readonly onWritten: (written: { readonly slot: string; readonly sizeBytes: number }) => void;
}

/**
 * One attempt at an update: download, erase, write, verify, choose the new slot, store the tag. When
 * it resolves, the device has to reboot.
 *
 * @throws UpdateFailure, DevicePanic
 */
export async function update(
  settings: ServiceSettings,
  slot: BootPartition,
  context: UpdateContext,
): Promise<void> {
  const { log, values } = context;
  const download = await requestImage(settings.url, context);
  try {
    using _hangUp = hangUpOnAbort(download.client, context.signal);
    await install(download, slot, context);
  } finally {
    download.client.close();
  }
  log.info('updating firmware metadata in NVS');
  await values.set('OTA_VERSION', settings.version);
  const stored = values.get('OTA_VERSION') ?? '';
  if (stored !== settings.version) {
    throw new UpdateFailure(
      `failed to update OTA metadata: expected updated version to be \`${settings.version}\`, found \`${stored}\``,
    );
  }
  log.info(`firmware update successful: version \`${stored}\``);
  log.info(`next reboot will load firmware from \`${hex(slot.flashOffset)}\``);
}

async function install(
  download: Download,
  slot: BootPartition,
  context: UpdateContext,
): Promise<void> {
  const { log, clock, signal } = context;
  const imageBytes = announcedLength(download, slot.sizeBytes);
  checkRunningImage(context);
  const writer = beginUpdate(context, slot);
  // The chip's only thread is busy with its flash: nobody reads the network meanwhile.
  download.client.pause();
  await writer.erase();
  if (context.eraseMs > 0) await clock.sleep(context.eraseMs, signal);
  download.client.resume();
  log.info(`writing new firmware to address \`${hex(slot.flashOffset)}\``);
  const writtenBytes = await writeBody(download, slot, imageBytes, writer, context);
  download.client.close();
  log.info(`firmware download complete: ${writtenBytes} bytes`);
  if (writtenBytes !== imageBytes) {
    log.error(`wrote ${writtenBytes} bytes, expected to write ${imageBytes}`);
    log.error('aborting ota');
    throw new UpdateFailure('nbytes written did not match file size');
  }
  context.onWritten({ slot: slotName(slot), sizeBytes: writtenBytes });
  log.info(`setting device to use new firmware at \`${hex(slot.flashOffset)}\``);
  await orFail(writer.complete(), (error) => error);
}

function announcedLength({ response }: Download, slotBytes: number): number {
  const text = response.headers.find(([name]) => name === 'content-length')?.[1];
  if (text === undefined) throw new UpdateFailure('response header missing content length');
  const imageBytes = Number(text);
  if (imageBytes > slotBytes) {
    throw new UpdateFailure(
      `new image of ${imageBytes} bytes is larger than target partition of ${slotBytes} bytes`,
    );
  }
  if (imageBytes < FIRMWARE_HEADER_BYTES) {
    throw new UpdateFailure(
      `new image of ${imageBytes} bytes is smaller than minimum firmware size of ${FIRMWARE_HEADER_BYTES} bytes`,
    );
  }
  return imageBytes;
}

/** The device looks at its own app first, and cannot update when that has too long a version. */
function checkRunningImage({ flash, running }: RunningChip): void {
  try {
    readFirmwareInfo(flash.read(running.flashOffset, FIRMWARE_HEADER_BYTES));
  } catch (error) {
    if (!(error instanceof EspFailure)) throw error;
    throw new UpdateFailure(`failed to get handle to running ota partition: ${error.error}`);
  }
}

function beginUpdate(context: UpdateContext, slot: BootPartition): OtaWriter {
  try {
    return new OtaWriter(context, slot);
  } catch (error) {
    if (!(error instanceof EspFailure)) throw error;
    throw new UpdateFailure('failed to initialize ota process');
  }
}

async function writeBody(
  download: Download,
  slot: BootPartition,
  imageBytes: number,
  writer: OtaWriter,
  context: UpdateContext,
): Promise<number> {
  const { log } = context;
  let doneBytes = 0;
  let hasInfo = false;
  for (;;) {
    const frame = await nextFrame(download, context);
    if (frame === null) return doneBytes;
    const totalBytes = doneBytes + frame.length;
    if (!hasInfo && totalBytes < FIRMWARE_HEADER_BYTES) {
      log.error('initial frame too small to retrieve esp_app_desc_t');
    } else if (!hasInfo) {
      log.info('verifying new ota firmware');
      // Of this frame alone, whatever came before it: that is what the device does.
      hasInfo = hasFirmwareInfo(frame);
    }
    if (totalBytes > slot.sizeBytes) {
      log.error('file is larger than expected, aborting');
      throw new UpdateFailure(
        `new image of ${totalBytes} bytes is larger than target partition of ${slot.sizeBytes} bytes`,
      );
    }
    await orFail(
      writer.write(frame),
      (error) => `error writing firmware to update partition: ${error}`,
    );
    doneBytes = totalBytes;
    log.info(
      `updating next OTA partition at ${hex(slot.flashOffset)}: ${doneBytes}/${imageBytes} bytes written`,
    );
    context.onProgress({ slot: slotName(slot), doneBytes, totalBytes: imageBytes });
  }
}

function hasFirmwareInfo(frame: Uint8Array): boolean {
  try {
    return readFirmwareInfo(frame) !== null;
  } catch (error) {
    if (!(error instanceof EspFailure)) throw error;
    throw new UpdateFailure(
      `failed to retrieve firmware header info from binary, firmware may not be valid for this system: ${error.error}`,
    );
  }
}

async function nextFrame(
  { client }: Download,
  { clock, log, signal }: Network,
): Promise<Uint8Array | null> {
  const timer = new AbortController();
  const timeout = clock
    .sleep(FRAME_TIMEOUT_SECONDS * 1000, timer.signal)
    .then(() => 'timeout' as const)
    // Cancelled, because the frame came first.
    .catch(() => 'timeout' as const);
  try {
    const next = await Promise.race([client.nextFrame(), timeout]);
    if (next !== 'timeout') return next;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Http2Failure)) throw error;
    log.error(`connection failed: ${error.detail}`);
    throw new UpdateFailure(error.message);
  } finally {
    timer.abort();
  }
  throw new UpdateFailure(`resolving next frame took longer than ${FRAME_TIMEOUT_SECONDS} seconds`);
}

async function orFail<Value>(
  work: Promise<Value>,
  message: (error: string) => string,
): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof EspFailure)) throw error;
    throw new UpdateFailure(message(error.error));
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
