/** How grave a line in the log of a virtual micro-RDK is. */
export type LogLevel = 'error' | 'warn' | 'info';

/** One line of the device's log, as on its serial port and as it uploads it. */
export interface LogLine {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Milliseconds since the device booted. */
  readonly uptimeMs: number;
  readonly level: LogLevel;
  /** Which part of the firmware speaks: `boot`, `esp_image`, `micro_rdk::common::ota`, … */
  readonly target: string;
  readonly message: string;
}

/** Where the device's log lines go: a terminal, or a (virtual) cloud. */
export interface LogSink {
  write(line: LogLine): void;
  /** Sends on what was written: asked for once a second, and before the device restarts. */
  upload?(signal: AbortSignal): Promise<void>;
  /** The device restarted unawares: what it had not sent is gone. */
  discard?(): void;
}

const LETTER: Readonly<Record<LogLevel, string>> = { error: 'E', warn: 'W', info: 'I' };

/** A line as ESP-IDF prints it on the serial port: `I (1234) boot: …`. */
export function formatLogLine({ level, uptimeMs, target, message }: LogLine): string {
  return `${LETTER[level]} (${Math.max(0, Math.round(uptimeMs))}) ${target}: ${message}`;
}
