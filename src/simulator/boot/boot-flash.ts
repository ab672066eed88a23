/** The flash as a bootloader uses it; a virtual micro-RDK's is one, a virtual chip's becomes one. */
export interface BootFlash {
  /** What is there; fewer bytes where the flash ends. */
  read(flashOffset: number, lengthBytes: number): Uint8Array;
  /** Clears bits. */
  program(flashOffset: number, data: Uint8Array): Promise<void>;
  /** Sets all bits of whole sectors. */
  erase(flashOffset: number, lengthBytes: number): Promise<void>;
}
