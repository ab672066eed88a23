import { type ChipName, chipByName } from '../../chips/index.ts';
import { type Clock, concatBytes } from '../../shared/index.ts';
import type { Signals, UsbIdentity } from '../../transport/index.ts';
import type { ChipFaults } from './faults.ts';
import { type CutKind, garbled, Wire } from './wire.ts';
import { Line } from './line.ts';
import { Loader } from './loader.ts';
import { NorFlash } from './nor-flash.ts';
import { type ChipProfile, profileOf } from './profile.ts';
import { type ChipIdentity, Registers } from './registers.ts';
import { ResetCircuit } from './reset-circuit.ts';
import { loaderBanner } from './rom-text.ts';
import { SlipDecoder } from './slip.ts';

const ESPRESSIF_VENDOR_ID = 0x303a;
/** The clock that watchdogs count by. */
const SLOW_CLOCK_TICKS_PER_MS = 136;

/** The rate of ROM, bootloader and application until a host changes it. */
const INITIAL_BAUD_RATE = 115_200;

/** Where v0.0 is no chip that anybody has: hosts treat the first ESP32-C2 in a way of its own. */
const USUAL_REVISION: Partial<Record<ChipName, ChipIdentity['revision']>> = {
  esp32c2: { major: 1, minor: 0 },
  esp32c3: { major: 0, minor: 3 },
};

/** Which chip, how large its flash, and what goes wrong with it. */
export interface VirtualChipOptions {
  readonly chip: ChipName;
  readonly clock: Clock;
  /** 4 MB unless given. */
  readonly flashSizeBytes?: number;
  readonly identity?: Partial<Omit<ChipIdentity, 'flashSizeBytes'>>;
  /** How much of a real flash's time passes: 1 is real time, 0 (the default) none. */
  readonly timeScale?: number;
  /** The fastest that the cable can do, in baud; without it bytes take no time. */
  readonly baudLimit?: number;
  readonly faults?: ChipFaults;
  /** What its port says of itself on USB; nothing unless given. */
  readonly usb?: UsbIdentity;
  /** What runs after a reset without the loader: `firmware(clock)`, or nothing. */
  readonly boot?: (context: BootContext) => Promise<void>;
  /** Told of a fault of the simulator itself. Without it such a fault is thrown at large. */
  readonly onError?: (error: unknown) => void;
}

export type ResetReason = 'power-on' | 'software' | 'watchdog' | 'rtc-watchdog' | 'brown-out';

/** What the firmware of a virtual chip gets to work with. */
export interface BootContext {
  readonly chip: ChipName;
  readonly flash: NorFlash;
  /** Major × 100 + minor. */
  readonly revision: number;
  readonly resetReason: ResetReason;
  readonly print: (text: string) => void;
  /** Resets the chip from within; it boots again. */
  readonly restart: (reason: ResetReason) => void;
  /** Aborted by the next reset. */
  readonly stopped: AbortSignal;
}

/** Gets what the chip sends, and at which rate it sent it. */
export type ChipOutput = (bytes: Uint8Array, baudRate: number) => void;

/** Told that a fault has ended the connection, and how; what it rejects with is a fault of the simulator. */
export type CutListener = (kind: CutKind) => void | Promise<void>;

type Mode = 'off' | 'held' | 'app' | 'loader';

/**
 * A virtual chip as seen from its UART and its two modem lines. Bytes go in through
 * {@link VirtualChip.receive} and come out through the listener; see `sim-link.ts` and `listen-*.ts`
 * for what connects it to hosts.
 */
export class VirtualChip {
  readonly profile: ChipProfile;
  readonly flash: NorFlash;
  readonly #options: VirtualChipOptions;
  readonly #identity: ChipIdentity;
  readonly #circuit = new ResetCircuit();
  readonly #wire: Wire;
  readonly #fromHost: Line;
  readonly #toHost: Line;
  #mode: Mode = 'off';
  #baudRate = INITIAL_BAUD_RATE;
  #decoder = new SlipDecoder();
  /** What came last over a pipe while there was no loader to take it. */
  #heard: Uint8Array = new Uint8Array(0);
  #loader: Loader | null = null;
  #running = new AbortController();
  #watchdog = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #output: ChipOutput = () => {};
  #onPrint: (text: string) => void = () => {};
  readonly #onCut = new Set<CutListener>();

  constructor(options: VirtualChipOptions) {
    this.#options = options;
    this.profile = profileOf(options.chip);
    const { flashSizeBytes = 4 * 1024 * 1024, identity = {}, faults = {} } = options;
    this.#identity = {
      mac: [0x02, 0x4f, 0x54, 0x41, 0x00, 0x01],
      revision: USUAL_REVISION[this.profile.name] ?? { major: 0, minor: 0 },
      secureBoot: false,
      flashEncryption: false,
      secureDownload: false,
      ...identity,
      ...(faults.flashId === undefined ? {} : { flashId: faults.flashId }),
      flashSizeBytes,
    };
    this.flash = new NorFlash(flashSizeBytes, new Set(faults.badSectors ?? []));
    this.#wire = new Wire(faults, (kind) => this.#cut(kind));
    const { clock, baudLimit = null } = options;
    this.#fromHost = new Line(clock, baudLimit);
    this.#toHost = new Line(clock, baudLimit);
  }

  /** What its port says of itself on USB. */
  get usb(): UsbIdentity | null {
    return this.#options.usb ?? null;
  }

  /** Whether the serial loader (ROM or stub) is what would answer now. */
  get inLoader(): boolean {
    return this.#mode === 'loader';
  }

  /** Whether the chip hangs on a wire that was pulled by a fault. */
  get isUnplugged(): boolean {
    return this.#wire.isCut;
  }

  /** Who gets what the chip sends. There is one UART, so one listener. */
  onOutput(listener: ChipOutput): void {
    this.#output = listener;
  }

  /** Plugs a cable in again that a fault had pulled, which powers the board up. */
  replug(): void {
    if (!this.#wire.isCut) return;
    this.#wire.mend();
    this.reset();
  }

  /** Adds who is told that the connection has ended by a fault; the function returned removes it. */
  onCut(listener: CutListener): () => void {
    this.#onCut.add(listener);
    return () => this.#onCut.delete(listener);
  }

  /** Who gets the text that the chip prints, besides the host on its UART. */
  onPrint(listener: (text: string) => void): void {
    this.#onPrint = listener;
  }

  /** Power on, or a press of the reset button. */
  reset(into: 'app' | 'loader' = 'app', reason: ResetReason = 'power-on'): void {
    this.#running.abort();
    this.#running = new AbortController();
    this.#mode = into;
    this.#baudRate = INITIAL_BAUD_RATE;
    this.#decoder = new SlipDecoder();
    this.#heard = new Uint8Array(0);
    this.#loader = null;
    if (into === 'loader') this.#enterLoader();
    else this.#boot(reason);
  }

  /** Pulls the power: nothing runs any more, until the next reset. */
  powerOff(): void {
    this.#stop();
    this.#mode = 'off';
    this.#loader = null;
  }

  /** Nothing runs, and what was on its way out of the chip is lost. */
  #stop(): void {
    this.#running.abort();
    this.#toHost.cut();
  }

  setSignals(signals: Signals): void {
    const action = this.#circuit.change(signals);
    if (action === 'held') {
      this.#stop();
      this.#mode = 'held';
    }
    if (action === 'run-app') this.reset('app');
    if (action === 'run-loader') this.reset('loader');
  }

  /**
   * Bytes from the host; resolves when the last of them has arrived.
   *
   * @param hostBaudRate the rate at which the host sends. `null` is a pipe without a rate, which has
   *   no modem lines either: there a SYNC packet is taken as the wish for the loader.
   */
  receive(bytes: Uint8Array, hostBaudRate: number | null): Promise<void> {
    return this.#fromHost.send(bytes, hostBaudRate ?? this.#baudRate, (sent) => {
      const isAsked = hostBaudRate === null && this.#mode === 'app';
      this.#arrived(isAsked ? this.#fromSync(sent) : sent, hostBaudRate);
    });
  }

  /** Enters the loader where a SYNC is seen, however it was cut; it gets that from its first byte on. */
  #fromSync(bytes: Uint8Array): Uint8Array {
    const heard = concatBytes([this.#heard, bytes]);
    const at = startOfSync(heard);
    if (at < 0) {
      this.#heard = heard.slice(-SYNC_BYTES);
      return bytes;
    }
    this.reset('loader');
    return heard.subarray(at);
  }

  #arrived(bytes: Uint8Array, hostBaudRate: number | null): void {
    const before = this.#wire.toChipBytes;
    const arrived = this.#wire.toChip(bytes);
    const { brownOutAfterBytes = Number.POSITIVE_INFINITY } = this.#options.faults ?? {};
    if (before < brownOutAfterBytes && this.#wire.toChipBytes >= brownOutAfterBytes) {
      this.#print('\nBrownout detector was triggered\n\n');
      this.reset('app', 'brown-out');
    }
    if (this.#mode !== 'loader') return;
    const matches = hostBaudRate === null || this.#sameRate(hostBaudRate);
    for (const packet of this.#decoder.feed(
      matches ? arrived : garbled(arrived),
      this.#loader?.isStub === true,
    )) {
      this.#work = this.#work
        .then(() => this.#loader?.handle(packet))
        .catch((error: unknown) => this.#fail(error));
    }
  }

  /** Resolves when everything that has been received is worked on. */
  async settled(): Promise<void> {
    await this.#work;
  }

  #sameRate(hostBaudRate: number): boolean {
    // UARTs sample mid-bit: a few percent of difference do not matter.
    return Math.abs(hostBaudRate / this.#baudRate - 1) < 0.04;
  }

  #send(bytes: Uint8Array): void {
    const rate = this.#baudRate;
    const arrived = this.#wire.toHost(bytes);
    if (arrived.length === 0) return;
    void this.#toHost.send(arrived, rate, (sent) => this.#output(sent, rate));
  }

  #enterLoader(): void {
    this.#print(loaderBanner(this.profile.name));
    const { clock, timeScale = 0, faults = {} } = this.#options;
    const running = this.#running;
    const registers = new Registers(this.profile, this.#identity, (ticks) =>
      this.#armWatchdog(ticks),
    );
    const imageChipId = chipByName(this.profile.name).imageChipId ?? 0;
    this.#loader = new Loader({
      profile: this.profile,
      registers,
      flash: this.flash,
      imageChipId,
      isUsbOtg: this.usb?.vendorId === ESPRESSIF_VENDOR_ID && this.usb.productId === imageChipId,
      secureBoot: this.#identity.secureBoot,
      secureDownload: this.#identity.secureDownload,
      flashEncryption: this.#identity.flashEncryption,
      send: (bytes) => {
        if (!running.signal.aborted) this.#send(bytes);
      },
      spend: async (durationMs) => {
        const scaled = durationMs * timeScale * (faults.eraseSlowdown ?? 1);
        if (scaled > 0) await clock.sleep(scaled);
      },
      changeBaudRate: (baudRate, isStub) => {
        this.#baudRate = baudRate * (isStub ? 1 : registers.romRateError);
      },
      leave: () => this.reset('app'),
      crash: () => {
        this.#print('\nFatal exception (0): IllegalInstruction\n');
        this.#stop();
        this.#mode = 'held';
      },
    });
  }

  #armWatchdog(ticks: number | null): void {
    this.#watchdog.abort();
    this.#watchdog = new AbortController();
    if (ticks === null) return;
    const { signal } = this.#watchdog;
    const over = AbortSignal.any([signal, this.#running.signal]);
    this.#options.clock.sleep(ticks / SLOW_CLOCK_TICKS_PER_MS, over).then(
      () => this.reset('app', 'rtc-watchdog'),
      () => {},
    );
  }

  #boot(resetReason: ResetReason): void {
    const { boot } = this.#options;
    if (boot === undefined) return;
    const stopped = this.#running.signal;
    const { major, minor } = this.#identity.revision;
    boot({
      chip: this.profile.name,
      flash: this.flash,
      revision: major * 100 + minor,
      resetReason,
      print: (text) => {
        if (!stopped.aborted) this.#print(text);
      },
      restart: (reason) => {
        if (!stopped.aborted) this.reset('app', reason);
      },
      stopped,
    }).catch((error: unknown) => {
      if (!stopped.aborted) this.#fail(error);
    });
  }

  #cut(kind: CutKind): void {
    // What is on its way through the cable still arrives, so only after this turn.
    queueMicrotask(() => {
      for (const listener of this.#onCut) {
        Promise.resolve(listener(kind)).catch((error: unknown) => this.#fail(error));
      }
    });
  }

  #fail(error: unknown): void {
    const { onError } = this.#options;
    if (onError === undefined) throw error;
    onError(error);
  }

  #print(text: string): void {
    this.#onPrint(text);
    this.#send(new TextEncoder().encode(text.replaceAll('\n', '\r\n')));
  }
}

const SYNC_START = [0x07, 0x07, 0x12, 0x20, 0x55];
const SYNC_BYTES = 46;
const END = 0xc0;

/** Where the frame of a SYNC begins, or what there is of it; -1 where there is none. */
function startOfSync(bytes: Uint8Array): number {
  const at = bytes.findIndex((_, index) =>
    SYNC_START.every((byte, offset) => bytes[index + offset] === byte),
  );
  return at < 0 ? -1 : Math.max(0, bytes.lastIndexOf(END, at));
}
