/** What is wrong with a virtual chip or its cable, on purpose. */
export interface ChipFaults {
  /** Bytes from the host that never arrive, counted from power-on. */
  readonly dropToChip?: readonly number[];
  /** Bytes from the host that arrive with a flipped bit. */
  readonly flipToChip?: readonly number[];
  readonly dropToHost?: readonly number[];
  readonly flipToHost?: readonly number[];
  /** The cable is pulled after this many bytes from the host. */
  readonly unplugAfterBytes?: number;
  /** How many times slower than usual the flash is. */
  readonly eraseSlowdown?: number;
  /** Sectors (by number) that keep what they hold. */
  readonly badSectors?: readonly number[];
  /** What the flash says it is: manufacturer, type, capacity as log2, from the lowest byte. */
  readonly flashId?: number;
}
