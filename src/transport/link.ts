/** The two modem lines that boards wire to reset (EN) and boot mode (IO0). */
export interface Signals {
  readonly dtr: boolean;
  readonly rts: boolean;
}

/** What a USB serial port says of itself. */
export interface UsbIdentity {
  readonly vendorId: number;
  readonly productId: number;
  readonly serialNumber: string | null;
}

/**
 * One open byte pipe to a chip. Whatever is behind it (a USB port, a TCP socket, an RFC 2217 server,
 * a virtual chip), it behaves the same; `test/transport/link-contract.ts` says how.
 */
export interface Link extends AsyncDisposable {
  /** As it was named: `/dev/ttyUSB0`, `COM3`, `tcp://…`, `rfc2217://…`, `sim://esp32c3`. */
  readonly target: string;
  readonly usb: UsbIdentity | null;
  /** Whether modem lines reach the chip. They do not over raw TCP or a pty. */
  readonly hasSignals: boolean;
  /** Whether the line has a rate at all. Raw TCP has none. */
  readonly hasBaudRate: boolean;
  /** Resolves when the operating system has taken all bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * The next bytes, as they come; one reader at a time. `null` after {@link Link} was disposed of.
   *
   * @throws TransportError `transport/port-lost` when the port went away by itself
   * @throws the signal's reason when aborted; no byte is lost by that
   */
  read(signal?: AbortSignal): Promise<Uint8Array | null>;
  setBaudRate(baudRate: number): Promise<void>;
  /** Sets both lines in one go: boards take a moment with only one of them changed for a reset. */
  setSignals(signals: Signals): Promise<void>;
  /** Forgets what has been received and not yet read. */
  discardInput(): void;
}

/** How to open a link. */
export interface LinkOptions {
  readonly baudRate: number;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a link to a target; rejects with a {@link TransportError}. */
export type OpenLink = (target: string, options: LinkOptions) => Promise<Link>;
