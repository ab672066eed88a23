import { type BootPartition, type BootTable, slotName } from '../../flash-data/index.ts';
import { type Clock, decodeCString } from '../../shared/index.ts';
import { boot } from '../boot/bootloader.ts';
import { AppClient, CONFIG_MONITOR, CONNECTION, RESTART_CHECK_MS } from './app-client.ts';
import type { Dial } from './dial.ts';
import type { MicroRdkEvent, RebootReason } from './events.ts';
import { DevicePanic, ServiceConfigFailure, UpdateFailure } from './failure.ts';
import type { LoggerFor } from '../boot/logger.ts';
import type { LogLevel, LogSink } from './log.ts';
import { type ConfigSource, type MachineConfig, selectOtaService } from './machine-config.ts';
import { nextUpdateSlot } from './ota-partition.ts';
import { encodeRobotConfig, revisionOf } from './robot-config.ts';
import { readServiceSettings, type ServiceSettings } from './service-settings.ts';
import type { StoredValues } from './stored-values.ts';
import { update } from './update.ts';
import type { ChipUnderTest } from '../boot/verify-image.ts';
import type { VirtualFlash } from './virtual-flash.ts';

const OTA = 'micro_rdk::common::ota';
/** Where the version lies in an image: behind header, segment header and 16 bytes of descriptor. */
const IMAGE_VERSION = { offset: 48, length: 32 } as const;
/** The config of a device that has none. */
const NOTHING = new Uint8Array();

/** What a virtual micro-RDK is made of. */
export interface MicroRdkParts {
  readonly flash: VirtualFlash;
  readonly chip: ChipUnderTest;
  readonly values: StoredValues;
  readonly config: ConfigSource;
  readonly logs: LogSink;
  readonly dial: Dial;
  readonly clock: Clock;
  /** How long erasing a slot takes; the real chip needs 10 to 30 seconds. 0 by default. */
  readonly eraseMs?: number;
  readonly onEvent?: (event: MicroRdkEvent) => void;
}

/** The app that runs, between two boots. */
interface Session {
  readonly table: BootTable;
  readonly running: BootPartition;
  /** The revision that the device configured itself with, by the first poll or from its NVS. */
  revision: string | null;
  hasAsked: boolean;
}

/**
 * A virtual device that runs Viam's micro-RDK: it polls its machine config, takes an update as the
 * real one does, and fails as the real one does, with the same lines in its log.
 */
export class MicroRdk {
  readonly #parts: MicroRdkParts;
  readonly #app: AppClient;
  #session: Session | null = null;
  #bootedAtMs = 0;

  constructor(parts: MicroRdkParts) {
    this.#parts = parts;
    this.#app = new AppClient(parts, (target) => this.#logger(target));
  }

  /** The slot that runs, such as `ota_1`; `null` before the first boot and when nothing boots. */
  get runningSlot(): string | null {
    return this.#session === null ? null : slotName(this.#session.running);
  }

  /** Switches the device on. */
  async powerOn(): Promise<void> {
    await this.#boot();
    if (this.#session === null) return;
    const { slot, version, tag } = this.#state(this.#session);
    this.#emit({ kind: 'booted', slot, version, tag });
  }

  /**
   * Polls for ever, every `pollMs`, and meanwhile does what else a cloud asks of a device: uploads the
   * log, and restarts when it is told to. Rejects with the signal's reason.
   */
  async run(pollMs: number, signal: AbortSignal): Promise<never> {
    const { clock } = this.#parts;
    const app = this.#app;
    await using _uploading = app.startUploading(signal);
    let restartCheckAtMs = clock.now() + RESTART_CHECK_MS;
    for (;;) {
      const hasConfig = await this.#poll(signal);
      const pollAtMs = clock.now() + (hasConfig ? pollMs : Math.min(pollMs, app.retryMs));
      while (app.hasRestarts && restartCheckAtMs <= pollAtMs) {
        await this.#sleepUntil(restartCheckAtMs, signal);
        restartCheckAtMs = clock.now() + (await this.#restartIfAsked(signal));
      }
      await this.#sleepUntil(pollAtMs, signal);
    }
  }

  /** Asks for the config once, and does what it says. Rejects only with the signal's reason. */
  async poll(signal: AbortSignal): Promise<void> {
    await this.#poll(signal);
  }

  async #sleepUntil(timeMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const waitMs = timeMs - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    signal.throwIfAborted();
  }

  /** Answers with whether there was a config. */
  async #poll(signal: AbortSignal): Promise<boolean> {
    const session = this.#session;
    if (session === null) return false;
    const config = await this.#fetchConfig(session, signal);
    if (config === null) {
      session.revision ??= revisionOf(this.#parts.values.getBlob('ROBOT_CONFIG') ?? NOTHING);
      return false;
    }
    if (session.revision === null) {
      session.revision = config.revision;
      await this.#keep(config);
    }
    const isChanged = config.revision !== session.revision;
    const ended = await this.#updateIfNeeded(config, session, signal);
    if (ended === 'panicked') {
      await this.#reboot('panic', session);
      return true;
    }
    if (isChanged) await this.#parts.values.erase('ROBOT_CONFIG');
    if (ended === 'updated') await this.#reboot('update', session);
    else if (isChanged) await this.#reboot('config-changed', session);
    return true;
  }

  /** The config that it booted with, for a boot without a cloud. A full NVS keeps it from nothing else. */
  async #keep(config: MachineConfig): Promise<void> {
    const log = this.#logger(CONNECTION);
    log.info('machine configuration obtained from app server');
    log.info('writing machine configuration to storage');
    try {
      const bytes = config.encoded ?? encodeRobotConfig(config);
      await this.#parts.values.setBlob('ROBOT_CONFIG', bytes);
    } catch (error) {
      if (!(error instanceof UpdateFailure)) throw error;
      log.error(`couldn't store the machine configuration - reason ${error.message}`);
    }
  }

  async #fetchConfig(session: Session, signal: AbortSignal): Promise<MachineConfig | null> {
    const isFirst = !session.hasAsked;
    session.hasAsked = true;
    const answer = await this.#app.fetchConfig(isFirst, signal);
    if (answer.kind === 'config') return answer.config;
    if (answer.kind === 'refused') await this.#deprovision(answer.message);
    else this.#emit({ kind: 'failed', message: answer.message });
    return null;
  }

  /** Answers with when to ask again. */
  async #restartIfAsked(signal: AbortSignal): Promise<number> {
    const session = this.#session;
    if (session === null) return RESTART_CHECK_MS;
    const { mustRestart, askAgainMs } = await this.#app.askRestart(signal);
    if (mustRestart) await this.#reboot('restart-requested', session);
    return askAgainMs;
  }

  /** The cloud refused the device's credentials: it has none from now on, and does nothing without. */
  async #deprovision(message: string): Promise<void> {
    await this.#parts.values.erase('ROBOT_CONFIG');
    this.#logger(CONNECTION).error("thread 'main' panicked: erased credentials restart robot");
    await this.#boot();
    if (this.#session === null) return;
    this.#session = null;
    this.#emit({ kind: 'deprovisioned', message });
  }

  async #updateIfNeeded(
    config: MachineConfig,
    session: Session,
    signal: AbortSignal,
  ): Promise<'updated' | 'panicked' | 'none'> {
    const { values } = this.#parts;
    const service = selectOtaService(config);
    const storedTag = values.get('OTA_VERSION');
    if (service === null) {
      this.#emit({ kind: 'polled', tag: null, storedTag, updates: false });
      return 'none';
    }
    const log = this.#logger(CONFIG_MONITOR);
    let settings: ServiceSettings;
    try {
      settings = readServiceSettings(service);
    } catch (error) {
      if (!(error instanceof ServiceConfigFailure)) throw error;
      // The device prints the whole entry, URL and token included.
      const what = `failed to create ota service from config:${error.message}`;
      log.error(`${what} - ${JSON.stringify(service)}`);
      this.#emit({ kind: 'failed', message: what });
      return 'none';
    }
    const slot = nextUpdateSlot(session);
    if (slot === null) {
      const reason =
        'failed to obtain a handle to the next OTA update partition, device may not be partitioned properly for OTA';
      this.#logger(OTA).warn(reason);
      const what = `failed to create ota service from config:${reason}`;
      log.error(`${what} - ${JSON.stringify(service)}`);
      this.#emit({ kind: 'failed', message: what });
      return 'none';
    }
    if (storedTag === null) this.#logger(OTA).info('no OTA metadata currently stored in NVS');
    const updates = (storedTag ?? '') !== settings.version;
    this.#emit({ kind: 'polled', tag: settings.version, storedTag, updates });
    return updates ? this.#update(settings, slot, session, signal) : 'none';
  }

  async #update(
    settings: ServiceSettings,
    slot: BootPartition,
    { table, running }: Session,
    signal: AbortSignal,
  ): Promise<'updated' | 'panicked' | 'none'> {
    const { flash, chip, values, dial, clock, eraseMs = 0 } = this.#parts;
    this.#emit({
      kind: 'update',
      tag: settings.version,
      url: settings.url,
      slot: slotName(slot),
    });
    try {
      await update(settings, slot, {
        flash,
        chip,
        table,
        running,
        values,
        dial,
        clock,
        signal,
        eraseMs,
        log: this.#logger(OTA),
        loggerFor: (target) => this.#logger(target),
        onProgress: (progress) => this.#emit({ kind: 'progress', ...progress }),
        onWritten: (written) => this.#emit({ kind: 'written', ...written }),
      });
      return 'updated';
    } catch (error) {
      if (error instanceof DevicePanic) {
        this.#logger(OTA).error(`thread 'main' panicked: ${error.message}`);
        this.#emit({ kind: 'failed', message: `panic: ${error.message}` });
        return 'panicked';
      }
      if (!(error instanceof UpdateFailure)) throw error;
      const message = `failed to complete ota update: ${error.message}`;
      this.#logger(CONFIG_MONITOR).error(message);
      this.#emit({ kind: 'failed', message });
      return 'none';
    }
  }

  async #reboot(reason: RebootReason, { table, running }: Session): Promise<void> {
    const isFromMonitor = reason === 'update' || reason === 'config-changed';
    if (isFromMonitor) this.#logger(CONFIG_MONITOR).info('rebooting from config monitor...');
    if (reason !== 'panic') await this.#app.sendLastLines();
    const chosen = reason === 'update' ? nextUpdateSlot({ table, running }) : running;
    await this.#boot();
    const session = this.#session;
    if (session === null) return;
    const fellBack = session.running.flashOffset !== chosen?.flashOffset;
    this.#emit({ kind: 'rebooted', reason, ...this.#state(session), fellBack });
  }

  async #boot(): Promise<void> {
    const { flash, chip, values, clock } = this.#parts;
    this.#bootedAtMs = clock.now();
    this.#session = null;
    // What the device had not sent by now, it sends no more.
    this.#parts.logs.discard?.();
    const outcome = await boot(flash, chip, (target) => this.#logger(target));
    if (outcome.kind === 'stuck') {
      this.#emit({ kind: 'stuck', message: outcome.reason });
      return;
    }
    this.#session = {
      table: outcome.table,
      running: outcome.slot,
      revision: null,
      hasAsked: false,
    };
    const tag = values.get('OTA_VERSION');
    const log = this.#logger(OTA);
    // The tag, and not the version of the image: the device cannot tell them apart.
    if (tag === null) log.info('OTA firmware metadata is not available');
    else log.info(`OTA firmware version: ${tag}`);
  }

  #state({ running }: Session): {
    readonly slot: string;
    readonly version: string | null;
    readonly tag: string | null;
  } {
    const { flash, values } = this.#parts;
    const { offset, length } = IMAGE_VERSION;
    return {
      slot: slotName(running),
      version: decodeCString(flash.read(running.flashOffset + offset, length)),
      tag: values.get('OTA_VERSION'),
    };
  }

  #emit(event: MicroRdkEvent): void {
    this.#parts.onEvent?.(event);
  }

  #logger(target: string): ReturnType<LoggerFor> {
    const write = (level: LogLevel) => (message: string) => {
      const timeMs = this.#parts.clock.now();
      const uptimeMs = timeMs - this.#bootedAtMs;
      this.#parts.logs.write({ timeMs, uptimeMs, level, target, message });
    };
    return { error: write('error'), warn: write('warn'), info: write('info') };
  }
}
