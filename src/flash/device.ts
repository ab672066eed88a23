import type { ChipName } from '../chips/index.ts';
import type { Clock } from '../shared/index.ts';
import type { Link, OpenLink } from '../transport/index.ts';
import { FlashError } from './codes.ts';
import { assertStub, assertWithin, noFlash, SECTOR_BYTES } from './device-limits.ts';
import { changeBaudRate, ROM_BAUD_RATE, slowerRate } from './loader/baud-rate.ts';
import type { ChipFacts } from './loader/chip-facts.ts';
import { detectChip, enterLoader, findAgain, isTransient } from './loader/connect.ts';
import { Connection } from './loader/connection.ts';
import {
  attachFlash,
  type DeflatedRange,
  eraseChip,
  eraseRange,
  flashMd5,
  readFlash,
  setFlashSize,
  writeDeflated,
} from './loader/flash-commands.ts';
import { powerFlash } from './loader/flash-power.ts';
import { flashSizeOf } from './loader/flash-size.ts';
import {
  type ChipIdentity,
  readFlashId,
  readIdentity,
  readRegister,
  resetFlash,
} from './loader/registers.ts';
import {
  applicationSequence,
  isUsbOtgRom,
  isUsbSerialJtag,
  playSequence,
} from './loader/reset-sequence.ts';
import { noStubReason, startStub } from './loader/stub.ts';
import { forgetForcedLoader, restartByWatchdog, stopWatchdogs } from './loader/watchdog.ts';

const DEFAULT_BAUD_RATE = 921_600;
/** How often one operation is tried before its error counts. */
const TRIES = 4;
const RESTARTS = 3;
/** How often a chip is spoken to that is about to be reset anyway. */
const FAREWELLS = 2;

/** How to talk to a board. */
export interface DeviceOptions {
  readonly clock: Clock;
  /** Aborts whatever is under way; the port is free and the modem lines at rest afterwards. */
  readonly signal?: AbortSignal | undefined;
  /** For everything after the first contact; 921600 unless given. Lowered where the line is bad. */
  readonly baudRate?: number | undefined;
  /** Whether to upload the flasher stub (default) or to make do with the ROM. */
  readonly stub?: boolean | undefined;
}

/** What is known of a board once it is connected. */
export interface DeviceInfo extends ChipIdentity {
  readonly chip: ChipName;
  /** JEDEC id, manufacturer in the lowest byte. */
  readonly flashId: number;
  readonly flashSizeBytes: number;
}

/**
 * Connects to the board on a port: resets it into its loader, finds out what it is, uploads the stub
 * and raises the rate.
 *
 * @throws FlashError `flash/no-answer`, `flash/wrong-boot-mode`, `flash/unsupported-chip`,
 *   `flash/no-flash-chip`, `flash/stub-failed`; TransportError as the link's
 */
export async function openDevice(
  open: OpenLink,
  target: string,
  options: DeviceOptions,
): Promise<FlashDevice> {
  const { signal, baudRate = DEFAULT_BAUD_RATE, stub = true } = options;
  const link = await open(target, { baudRate: ROM_BAUD_RATE, signal });
  try {
    const device = new FlashDevice(link, { ...options, baudRate, stub });
    await device.connect();
    return device;
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
}

/** A board in its loader, ready to be read and written. Disposing of it closes the port. */
export class FlashDevice implements AsyncDisposable {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #wantsStub: boolean;
  #wantedRate: number;
  #connection: Connection;
  #facts: ChipFacts | null = null;
  #info: DeviceInfo | null = null;
  #noStubReason: string | null = null;
  #isHandedOver = false;

  constructor(
    link: Link,
    { clock, signal, baudRate, stub }: DeviceOptions & { baudRate: number; stub: boolean },
  ) {
    this.#link = link;
    this.#clock = clock;
    this.#signal = signal;
    this.#wantedRate = baudRate;
    this.#wantsStub = stub;
    this.#connection = new Connection(link, clock, signal);
  }

  get target(): string {
    return this.#link.target;
  }

  get info(): DeviceInfo {
    if (this.#info === null) throw new Error('the device is used before it is connected');
    return this.#info;
  }

  /** `stub` once it runs: it can erase ranges, which the ROM cannot. */
  get loader(): 'stub' | 'rom' {
    return this.#connection.isStub ? 'stub' : 'rom';
  }

  /** Why there is no stub although one was asked for; `null` where there is, or none was. */
  get noStubReason(): string | null {
    return this.#noStubReason;
  }

  /** The rate of the line now; `null` where it has none. */
  get baudRate(): number | null {
    return this.#link.hasBaudRate ? this.#wantedRate : null;
  }

  /** From reset to a loader that is ready; again after the line went bad. */
  async connect(): Promise<void> {
    let romMayChangeRate = true;
    for (let failures = 0; ;) {
      try {
        if (await this.#tryConnect(romMayChangeRate)) return;
        // The chip listens at a rate at which nothing arrives: start over, slower.
        if (!romMayChangeRate) this.#wantedRate = slowerRate(this.#wantedRate);
        romMayChangeRate = false;
      } catch (error) {
        failures += 1;
        if (!isTransient(error) || failures === TRIES) throw error;
      }
      await this.#link.setBaudRate(ROM_BAUD_RATE);
    }
  }

  async #tryConnect(romMayChangeRate: boolean): Promise<boolean> {
    const connection = new Connection(this.#link, this.#clock, this.#signal);
    this.#connection = connection;
    await enterLoader(connection);
    const facts = await detectChip(connection);
    this.#facts = facts;
    if (isUsbSerialJtag(this.#link)) await stopWatchdogs(connection, facts);
    let rate = ROM_BAUD_RATE;
    const raise = async () => {
      if (!this.#link.hasBaudRate || rate === this.#wantedRate) return true;
      const raised = await changeBaudRate(connection, facts, this.#wantedRate);
      if (raised) rate = this.#wantedRate;
      return raised;
    };
    const uploads = this.#wantsStub && !connection.isStub;
    // The stub is the first large thing to be sent, so the rate is raised before it.
    if (uploads && romMayChangeRate && !(await raise())) return false;
    const identity = await readIdentity(connection, facts);
    await powerFlash(connection, facts, identity.revision);
    this.#noStubReason = uploads ? noStubReason(facts, identity) : null;
    if (uploads && this.#noStubReason === null) await startStub(connection, facts, identity);
    if (!(await raise())) return false;
    await attachFlash(connection, facts);
    const flashId = await readFlashId(connection, facts);
    await resetFlash(connection, facts);
    const flashSizeBytes = flashId === null ? null : flashSizeOf(flashId);
    if (flashId === null || flashSizeBytes === null) throw noFlash(facts, flashId);
    await setFlashSize(connection, flashSizeBytes);
    this.#info = { chip: facts.chip.name, ...identity, flashId, flashSizeBytes };
    return true;
  }

  /** @throws FlashError `flash/outside-flash` */
  async md5(flashOffset: number, sizeBytes: number): Promise<Uint8Array> {
    assertWithin(this, flashOffset, sizeBytes, 1);
    return this.#persistently(() => flashMd5(this.#connection, flashOffset, sizeBytes));
  }

  /** @throws FlashError `flash/outside-flash`, `flash/read-corrupt` */
  async read(
    flashOffset: number,
    sizeBytes: number,
    onBytes: (doneBytes: number) => void = () => {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    assertWithin(this, flashOffset, sizeBytes, 1);
    if (sizeBytes === 0) return new Uint8Array(0);
    return this.#persistently(() => readFlash(this.#connection, flashOffset, sizeBytes, onBytes));
  }

  /**
   * Writes whole sectors; erases them by itself.
   *
   * @param onBytes how much of `deflated` was sent
   * @throws FlashError `flash/outside-flash`, `flash/command-refused`
   */
  async write(range: DeflatedRange, onBytes: (sentBytes: number) => void): Promise<void> {
    assertWithin(this, range.flashOffset, range.sizeBytes, SECTOR_BYTES);
    await this.#persistently(() =>
      writeDeflated(this.#connection, this.#knownFacts(), range, onBytes),
    );
  }

  /**
   * Erases whole sectors.
   *
   * @throws FlashError `flash/outside-flash`, `flash/needs-stub`
   */
  async erase(flashOffset: number, sizeBytes: number): Promise<void> {
    assertWithin(this, flashOffset, sizeBytes, SECTOR_BYTES);
    assertStub(this, 'erase a range');
    await this.#persistently(() => eraseRange(this.#connection, flashOffset, sizeBytes));
  }

  /** Erases the whole flash. @throws FlashError `flash/needs-stub` */
  async eraseAll(): Promise<void> {
    assertStub(this, 'erase the whole flash');
    await this.#persistently(() => eraseChip(this.#connection));
  }

  /** A word of the chip's address space. */
  async register(address: number): Promise<number> {
    return this.#persistently(() => readRegister(this.#connection, address));
  }

  /**
   * Starts the application: by the modem lines, or, where there are none, by the chip's own watchdog.
   * Done also after an abort, so that no board is left in its loader.
   *
   * @param consoleBaudRate the rate of the line from then on
   * @returns what the application has sent already
   */
  async reset(consoleBaudRate: number = ROM_BAUD_RATE): Promise<Uint8Array> {
    const link = this.#link;
    if (link.hasSignals && !isUsbOtgRom(link)) {
      if (isUsbSerialJtag(link)) await this.#forgetForcedLoader();
      await link.setBaudRate(consoleBaudRate);
      await playSequence(link, applicationSequence(link), this.#clock);
      return new Uint8Array(0);
    }
    await link.setBaudRate(this.#wantedRate);
    const connection = this.#unstoppableConnection();
    for (let attempt = 1; ; attempt += 1) {
      // In the middle of a read, the stub takes what is said first for an acknowledgement.
      await findAgain(connection, TRIES);
      try {
        await restartByWatchdog(connection, this.#knownFacts());
        await link.setBaudRate(consoleBaudRate);
        return connection.rest;
      } catch (error) {
        if (!isTransient(error) || attempt === RESTARTS) throw error;
      }
    }
  }

  /** A chip that does not answer any more is reset all the same. */
  async #forgetForcedLoader(): Promise<void> {
    const connection = this.#unstoppableConnection();
    if (this.#facts === null || !(await findAgain(connection, FAREWELLS))) return;
    await forgetForcedLoader(connection, this.#facts).catch(() => {});
  }

  /** One that goes on after an abort. */
  #unstoppableConnection(): Connection {
    const connection = new Connection(this.#link, this.#clock);
    connection.isStub = this.#connection.isStub;
    return connection;
  }

  /** Gives the open link to whoever goes on with it, and has to close it. */
  handOver(): Link {
    this.#isHandedOver = true;
    return this.#link;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isHandedOver) await this.#link[Symbol.asyncDispose]();
  }

  /** Runs an operation again after errors of the line: the same once more, then from a reset, slower. */
  async #persistently<Result>(operation: () => Promise<Result>): Promise<Result> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await operation();
      } catch (error) {
        const again =
          isTransient(error) ||
          (error instanceof FlashError && error.code === 'flash/read-corrupt');
        if (!again || failures === TRIES) throw error;
        await this.#recover(error, failures > 1);
      }
    }
  }

  async #recover(error: unknown, slower: boolean): Promise<void> {
    const wasStub = this.#connection.isStub;
    this.#connection.forget();
    const syncs = slower && this.#link.hasSignals ? 0 : TRIES;
    if ((await findAgain(this.#connection, syncs)) && this.#connection.isStub === wasStub) return;
    if (!this.#link.hasSignals) throw error;
    this.#wantedRate = slowerRate(this.#wantedRate);
    await this.#link.setBaudRate(ROM_BAUD_RATE);
    await this.connect();
  }

  #knownFacts(): ChipFacts {
    if (this.#facts === null) throw new Error('the device is used before it is connected');
    return this.#facts;
  }
}
