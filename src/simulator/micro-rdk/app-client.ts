import type { LoggerFor } from '../boot/logger.ts';
import type { Clock } from '../../shared/index.ts';
import { CloudFailure, CredentialsRefused } from './failure.ts';
import type { LogSink } from './log.ts';
import type { ConfigSource, MachineConfig, RestartAnswer } from './machine-config.ts';

/** The parts of the firmware that speak with its cloud, as its log names them. */
export const CONFIG_MONITOR = 'micro_rdk::common::config_monitor';
export const CONNECTION = 'micro_rdk::common::conn::viam';
const RESTART_MONITOR = 'micro_rdk::common::restart_monitor';

/** How often the device asks whether it is to restart, where the cloud names no other interval. */
export const RESTART_CHECK_MS = 5000;
const CALL_TIMEOUT_MS = 60_000;
const UPLOAD_MS = 1000;
/** The real device waits for its last lines to be sent as long as that takes. */
const LAST_UPLOAD_TIMEOUT_MS = 10_000;

/** How asking for the config ended. Failures are in the log already. */
export type ConfigAnswer =
  | { readonly kind: 'config'; readonly config: MachineConfig }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

/** The device's end of its connection to the cloud: what it asks when, and what it makes of failures. */
export class AppClient {
  readonly #config: ConfigSource;
  readonly #logs: LogSink;
  readonly #clock: Clock;
  readonly #loggerFor: LoggerFor;

  constructor(
    parts: { readonly config: ConfigSource; readonly logs: LogSink; readonly clock: Clock },
    loggerFor: LoggerFor,
  ) {
    this.#config = parts.config;
    this.#logs = parts.logs;
    this.#clock = parts.clock;
    this.#loggerFor = loggerFor;
  }

  /** How soon to try again after a failure. */
  get retryMs(): number {
    return this.#config.retryMs ?? Infinity;
  }

  /** Whether there is somebody to ask about restarts. */
  get hasRestarts(): boolean {
    return this.#config.askRestart !== undefined;
  }

  /** Rejects only with the signal's reason. */
  async fetchConfig(isFirst: boolean, signal: AbortSignal): Promise<ConfigAnswer> {
    try {
      const config = await this.#within(CALL_TIMEOUT_MS, signal, (limited) =>
        this.#config.fetch(limited, isFirst),
      );
      return { kind: 'config', config };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CredentialsRefused) return { kind: 'refused', message: error.message };
      const isCloud = error instanceof CloudFailure;
      const said = error instanceof Error ? error.message : String(error);
      const message = isCloud ? said : `error while getting machine config: ${said}`;
      this.#loggerFor(isCloud ? CONNECTION : CONFIG_MONITOR).error(message);
      return { kind: 'failed', message };
    }
  }

  /** Rejects only with the signal's reason. */
  async askRestart(signal: AbortSignal): Promise<RestartAnswer> {
    const unasked = { mustRestart: false, askAgainMs: RESTART_CHECK_MS };
    try {
      const answer = await this.#within(
        CALL_TIMEOUT_MS,
        signal,
        (limited) => this.#config.askRestart?.(limited) ?? unasked,
      );
      if (answer.mustRestart) {
        const what = 'Restart request received - restarting or terminating now...';
        this.#loggerFor(RESTART_MONITOR).warn(what);
      }
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      this.#logCloudFailure(error);
      return unasked;
    }
  }

  /** Uploads the log, once a second, until it is disposed of or the signal is aborted. */
  startUploading(signal: AbortSignal): AsyncDisposable {
    const ended = new AbortController();
    const running = this.#uploadForEver(AbortSignal.any([signal, ended.signal])).catch(() => {
      // It has no other end than being aborted.
    });
    return {
      [Symbol.asyncDispose]: () => {
        ended.abort();
        return running;
      },
    };
  }

  /** Sends what is left before the device restarts; nothing that goes wrong keeps it from that. */
  async sendLastLines(): Promise<void> {
    const { signal } = new AbortController();
    await this.#within(LAST_UPLOAD_TIMEOUT_MS, signal, (limited) =>
      this.#logs.upload?.(limited),
    ).catch((error: unknown) => this.#logCloudFailure(error));
  }

  async #uploadForEver(signal: AbortSignal): Promise<void> {
    while (this.#logs.upload !== undefined) {
      await this.#clock.sleep(UPLOAD_MS, signal);
      await this.#logs.upload(signal).catch((error: unknown) => this.#logCloudFailure(error));
    }
  }

  /** Credentials that were refused show with the next poll. */
  #logCloudFailure(error: unknown): void {
    if (error instanceof CloudFailure) this.#loggerFor(CONNECTION).error(error.message);
  }

  /** Gives work up after a time, and aborts it then. */
  async #within<Value>(
    limitMs: number,
    signal: AbortSignal,
    work: (limited: AbortSignal) => Value | Promise<Value>,
  ): Promise<Value> {
    const over = new AbortController();
    const limited = AbortSignal.any([signal, over.signal]);
    try {
      return await Promise.race([
        work(limited),
        this.#clock
          .sleep(limitMs, limited)
          .then(() => Promise.reject(new Error('request timed out'))),
      ]);
    } finally {
      over.abort();
    }
  }
}
