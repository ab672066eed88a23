import pino from 'pino';

/** One finished request. */
export interface RequestRecord {
  readonly method: string;
  /** With what is secret in it taken out. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly peer: string;
  readonly protocol: string;
  /** `token:<id>`, a device, or nobody. */
  readonly actor?: string | undefined;
}

/** What the server writes down, one JSON object a line. */
export interface Log {
  request(record: RequestRecord): void;
  info(message: string, data?: Readonly<Record<string, unknown>>): void;
  warn(message: string, data?: Readonly<Record<string, unknown>>): void;
  /** Something that must not happen: with its stack. */
  bug(error: unknown, data?: Readonly<Record<string, unknown>>): void;
}

/** How much is written: `silent` nothing, `warn` only what wants looking at, `debug` every poll too. */
export const LOG_LEVELS = ['silent', 'warn', 'info', 'debug'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

const BUSY = 503;
const SECRET_FIELDS = ['authorization', 'secret', 'token', 'password', 'idempotencyKey'];

/** Writes the log as JSON lines; whatever is named like a secret is left out. */
export function createLog(level: LogLevel, destination: { write(text: string): unknown }): Log {
  const logger = pino(
    {
      level,
      base: null,
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        remove: true,
      },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => void destination.write(line) },
  );
  return {
    request: (record) => {
      // Devices ask all the time; people want to see what people did, and what went wrong.
      const isOrdinary = record.status < 400 && record.actor?.startsWith('token:') !== true;
      if (isOrdinary) logger.debug(record, 'request');
      // Busy, or being stopped: that wants looking at, but nothing is wrong.
      else if (record.status === BUSY) logger.warn(record, 'request');
      else if (record.status >= 500) logger.error(record, 'request');
      else logger.info(record, 'request');
    },
    info: (message, data) => logger.info(data ?? {}, message),
    warn: (message, data) => logger.warn(data ?? {}, message),
    bug: (error, data) => logger.error({ ...data, error: describe(error) }, 'bug'),
  };
}

/** Says nothing, for embedders that do not want a log. */
export const SILENT_LOG: Log = {
  request: () => {},
  info: () => {},
  warn: () => {},
  bug: () => {},
};

/** A secret that somebody put where an id belongs. */
const MISPLACED = /ot([kd])(?:_|%5f)[\w%-]{16,}/gi;

/** The path without the query, without the credentials that download URLs are, and without misplaced ones. */
export function loggedPath(target: string): string {
  const path = target.split('?', 1)[0] ?? '';
  return path
    .replace(/^\/d\/[^/]+/, '/d/-')
    .replaceAll(MISPLACED, 'ot$1_-')
    .slice(0, 300);
}

function describe(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: describe(cause) }) };
}
