/** Writes lines for one part of the firmware. */
export interface Logger {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
}

/** Makes loggers for the parts of a firmware. */
export type LoggerFor = (target: string) => Logger;
