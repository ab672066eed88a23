/** How grave a log line is, the gravest first. */
export const LOG_LEVELS = ['error', 'warning', 'info', 'debug', 'verbose'] as const;

/** A level of the ESP-IDF log. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `E (123) tag: …`, also with a time of day, as ESP-IDF prints it. */
const ESP_IDF = /^([EWIDV]) \([\d:. -]+\) [^:]+:/;
/** `[   123][E][WiFi.cpp:42] begin(): …`, as Arduino prints it. */
const ARDUINO = /^\[ *\d+\]\[([EWIDV])\]\[/;
/** `ERROR - …`, as esp-println prints it; `[ERROR] …` is common too. */
const WORD = /^\[?(ERROR|WARN(?:ING)?|INFO|DEBUG|TRACE)(?:\]| - )/;

const BY_LETTER: Readonly<Record<string, LogLevel>> = {
  E: 'error',
  W: 'warning',
  I: 'info',
  D: 'debug',
  V: 'verbose',
  T: 'verbose',
};

/** The level of a log line without colours; `null` for what is no log line, such as a panic. */
export function logLevelOf(text: string): LogLevel | null {
  const match = ESP_IDF.exec(text) ?? ARDUINO.exec(text) ?? WORD.exec(text);
  return BY_LETTER[match?.[1]?.[0] ?? ''] ?? null;
}

/** A level by its name or first letter, in any case; `null` where it is none. */
export function parseLogLevel(text: string): LogLevel | null {
  const wanted = text.toLowerCase();
  return LOG_LEVELS.find((level) => level === wanted || level[0] === wanted) ?? null;
}
