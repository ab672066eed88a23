import { alignUp, OtakitError } from '../../shared/index.ts';
import { EraseAhead } from './erase-ahead.ts';
import type { NorFlash } from './nor-flash.ts';
import { FAULT } from './packet.ts';
import { openWriteSession, type WriteSession } from './write-session.ts';

const SECTOR_BYTES = 0x1000;

/** What FLASH_BEGIN and FLASH_DEFL_BEGIN announce. */
export interface Announced {
  readonly compressed: boolean;
  readonly sizeBytes: number;
  readonly flashOffset: number;
}

/** One write at a time: the ROM erases all of it first, the stub as it goes. Methods answer faults. */
export class FlashWriting {
  readonly #flash: NorFlash;
  readonly #isStub: boolean;
  readonly #spend: (durationMs: number) => Promise<void>;
  #session: WriteSession | null = null;
  #compressed = false;

  constructor(flash: NorFlash, isStub: boolean, spend: (durationMs: number) => Promise<void>) {
    this.#flash = flash;
    this.#isStub = isStub;
    this.#spend = spend;
  }

  async begin({ compressed, sizeBytes, flashOffset }: Announced): Promise<void> {
    const end = alignUp(flashOffset + sizeBytes, SECTOR_BYTES);
    const start = Math.floor(flashOffset / SECTOR_BYTES) * SECTOR_BYTES;
    const eraser = this.#isStub ? new EraseAhead(this.#flash, start, end) : null;
    // The first step is under way when the stub answers, and over by the time that data is there.
    if (eraser === null) await this.#spend(this.#flash.erase(start, end - start));
    else eraser.step();
    const flash = this.#flash;
    this.#session = openWriteSession({ flash, flashOffset, sizeBytes, eraser, compressed });
    this.#compressed = compressed;
  }

  /** Whether a write of this kind has been begun. */
  accepts(compressed: boolean): number {
    if (this.#session !== null && this.#compressed === compressed) return 0;
    return this.#isStub ? FAULT.stubNotInFlashMode : FAULT.failed;
  }

  async store(block: Uint8Array): Promise<number> {
    const session = this.#session;
    if (session === null) return FAULT.failed;
    try {
      await this.#spend(await session.write(block));
    } catch (error) {
      if (error instanceof OtakitError) {
        return this.#isStub ? FAULT.stubSpiFailed : FAULT.flashWrite;
      }
      return this.#isStub ? FAULT.stubInflate : FAULT.inflate;
    }
    // The last block of an uncompressed write is padded with FF, which is no excess.
    if (this.#isStub && this.#compressed && session.excessBytes > 0) return FAULT.stubTooMuchData;
    return 0;
  }

  end(): number {
    const session = this.#session;
    if (this.#isStub && session === null) return FAULT.stubNotInFlashMode;
    if (this.#isStub && session !== null && session.missingBytes > 0) {
      return FAULT.stubBadDataLength;
    }
    this.#session = null;
    return 0;
  }
}
