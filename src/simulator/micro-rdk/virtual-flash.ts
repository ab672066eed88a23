import { type FileHandle, open } from 'node:fs/promises';

const ERASED = 0xff;

/**
 * A NOR flash chip: erasing sets bits, programming only clears them. Held in memory and, where it
 * has a file, written through, so that the file can be looked at (and copied) at any time.
 */
export class VirtualFlash implements AsyncDisposable {
  readonly #bytes: Uint8Array;
  readonly #file: FileHandle | null;

  private constructor(bytes: Uint8Array, file: FileHandle | null) {
    this.#bytes = bytes;
    this.#file = file;
  }

  /** An erased chip without a file. */
  static inMemory(sizeBytes: number): VirtualFlash {
    return new VirtualFlash(new Uint8Array(sizeBytes).fill(ERASED), null);
  }

  /** An erased chip in a new file; rejects where the file exists. */
  static async create(path: string, sizeBytes: number): Promise<VirtualFlash> {
    const file = await open(path, 'wx+');
    const bytes = new Uint8Array(sizeBytes).fill(ERASED);
    await writeFully(file, bytes, 0);
    return new VirtualFlash(bytes, file);
  }

  /** The chip of an earlier run. */
  static async open(path: string): Promise<VirtualFlash> {
    const file = await open(path, 'r+');
    return new VirtualFlash(new Uint8Array(await file.readFile()), file);
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** A view of what is there; fewer bytes where the chip ends. */
  read(flashOffset: number, lengthBytes: number): Uint8Array {
    return this.#bytes.subarray(flashOffset, flashOffset + lengthBytes);
  }

  async program(flashOffset: number, data: Uint8Array): Promise<void> {
    const cells = this.read(flashOffset, data.length);
    cells.forEach((cell, index) => {
      cells[index] = cell & (data[index] ?? ERASED);
    });
    await this.#writeThrough(flashOffset, cells);
  }

  async erase(flashOffset: number, lengthBytes: number): Promise<void> {
    await this.#writeThrough(flashOffset, this.read(flashOffset, lengthBytes).fill(ERASED));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }

  async #writeThrough(flashOffset: number, bytes: Uint8Array): Promise<void> {
    if (this.#file !== null) await writeFully(this.#file, bytes, flashOffset);
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
