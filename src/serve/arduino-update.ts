import type { Artifact } from './artifact.ts';

/**
 * Whether an Arduino `HTTPUpdate` client (ESP32, ESP8266 or Tasmota) runs the artifact already. It
 * names the SHA-256 of the sketch that it runs; told 304 it reports "no update", and stays.
 *
 * Versions are not compared: what a sketch passes as its version is any text of its author's.
 */
export function runsAlready(
  header: (name: string) => string | undefined,
  artifact: Pick<Artifact, 'imageHash'>,
): boolean {
  const running = header('x-esp32-sketch-sha256');
  return running !== undefined && running.toLowerCase() === artifact.imageHash;
}
