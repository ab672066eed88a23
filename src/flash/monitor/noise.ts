/** So many bytes that are no text, and more of them than text, are not an accident. */
const ENOUGH = 24;
/** A clean line of this length is proof that the rate is right. */
const CLEAN_CHARACTERS = 12;

/**
 * Notices a console at another rate: it arrives as bytes that are no text. Said once, until clean
 * text has come in between. Control characters and undecodable bytes are `\xNN` in what it is given.
 */
export class NoiseDetector {
  #before = { noise: 0, text: 0 };
  #reported = false;

  /** Follows one line. */
  feed(line: string): boolean {
    const { noise, text } = count(line);
    if (noise === 0 && text >= CLEAN_CHARACTERS) {
      this.#before = { noise: 0, text: 0 };
      this.#reported = false;
      return false;
    }
    const isNoise = this.feedUnfinished(line);
    this.#before = { noise: this.#before.noise + noise, text: this.#before.text + text };
    return isNoise;
  }

  /** Looks at what has come of a line: noise may never end one. */
  feedUnfinished(line: string): boolean {
    const { noise, text } = count(line);
    const allNoise = this.#before.noise + noise;
    if (this.#reported || allNoise < ENOUGH || allNoise < this.#before.text + text) return false;
    this.#reported = true;
    return true;
  }
}

function count(line: string): { readonly noise: number; readonly text: number } {
  const noise = line.match(/\\x[0-9a-f]{2}/g)?.length ?? 0;
  return { noise, text: line.length - noise * 4 };
}
