import { constants, createInflate, type Inflate } from 'node:zlib';
import type { EraseAhead } from './erase-ahead.ts';
import type { NorFlash } from './nor-flash.ts';

/** Takes the data of one FLASH_BEGIN or FLASH_DEFL_BEGIN and puts it into the flash, in order. */
export interface WriteSession {
  /** Answers how long a real flash would take, in milliseconds. Rejects where data does not inflate. */
  write(block: Uint8Array): Promise<number>;
  /** How many bytes the host still owes. */
  readonly missingBytes: number;
  /** Bytes that came beyond what was announced. */
  readonly excessBytes: number;
}

class PlainSession implements WriteSession {
  readonly #flash: NorFlash;
  readonly #end: number;
  readonly #eraser: EraseAhead | null;
  #at: number;
  excessBytes = 0;

  constructor({ flash, flashOffset, sizeBytes, eraser }: SessionOptions) {
    this.#flash = flash;
    this.#at = flashOffset;
    this.#end = flashOffset + sizeBytes;
    this.#eraser = eraser;
  }

  get missingBytes(): number {
    return Math.max(0, this.#end - this.#at);
  }

  async write(block: Uint8Array): Promise<number> {
    const taken = block.subarray(0, this.missingBytes);
    this.excessBytes += block.length - taken.length;
    const eraseMs = this.#eraser?.upTo(this.#at + taken.length) ?? 0;
    const programMs = this.#flash.program(this.#at, taken);
    this.#at += taken.length;
    return eraseMs + programMs;
  }
}

/** The same for a zlib stream that is cut into blocks. */
class DeflateSession implements WriteSession {
  readonly #plain: PlainSession;
  readonly #inflate: Inflate = createInflate();
  readonly #output: Uint8Array[] = [];
  #failed: { readonly cause: Error } | null = null;
  #settled = () => {};

  constructor(plain: PlainSession) {
    this.#plain = plain;
    this.#inflate.on('data', (chunk: Uint8Array) => this.#output.push(new Uint8Array(chunk)));
    this.#inflate.on('error', (error) => {
      this.#failed = { cause: error };
      this.#settled();
    });
  }

  get missingBytes(): number {
    return this.#plain.missingBytes;
  }

  get excessBytes(): number {
    return this.#plain.excessBytes;
  }

  async write(block: Uint8Array): Promise<number> {
    this.#assertInflating();
    await new Promise<void>((resolve) => {
      this.#settled = resolve;
      this.#inflate.write(block, () => this.#inflate.flush(constants.Z_SYNC_FLUSH, resolve));
    });
    this.#assertInflating();
    let durationMs = 0;
    for (const chunk of this.#output.splice(0)) durationMs += await this.#plain.write(chunk);
    return durationMs;
  }

  #assertInflating(): void {
    if (this.#failed !== null) throw new Error('not a zlib stream', this.#failed);
  }
}

export interface SessionOptions {
  readonly flash: NorFlash;
  readonly flashOffset: number;
  /** What the host announced, uncompressed. */
  readonly sizeBytes: number;
  /** Who erases ahead of the data; `null` where everything was erased before. */
  readonly eraser: EraseAhead | null;
  readonly compressed: boolean;
}

export function openWriteSession(options: SessionOptions): WriteSession {
  const plain = new PlainSession(options);
  return options.compressed ? new DeflateSession(plain) : plain;
}
