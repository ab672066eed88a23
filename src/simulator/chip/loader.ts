import { md5, toHex } from '../../shared/index.ts';
import { alignUp, OtakitError } from '../../shared/index.ts';
import type { NorFlash } from './nor-flash.ts';
import {
  type Answer,
  blockChecksum,
  FAULT,
  OP,
  parseRequest,
  type Request,
  serializeResponse,
  words,
} from './packet.ts';
import type { ChipProfile } from './profile.ts';
import type { Registers } from './registers.ts';
import { slipEncode } from './slip.ts';
import { openWriteSession, type WriteSession } from './write-session.ts';

const SECTOR_BYTES = 0x1000;
const ACKNOWLEDGEMENT_BYTES = 4;
const ROM_STATUS_BYTES = 4;
const STUB_STATUS_BYTES = 2;
/** The ROM answers SYNC eight times; with a value that is not 0, by which hosts tell it from the stub. */
const SYNC_ANSWERS = 8;
const ROM_SYNC_VALUE = 0x5555_2007;
/** "SOFT_DIS_JTAG" and the like are 0; these two are what hosts look at. */
const FLAG_SECURE_BOOT = 1;

/** What the loader needs of the chip that it runs on. */
export interface LoaderHost {
  readonly profile: ChipProfile;
  readonly registers: Registers;
  readonly flash: NorFlash;
  readonly imageChipId: number;
  readonly secureBoot: boolean;
  readonly flashEncryption: boolean;
  send(bytes: Uint8Array): void;
  /** Lets a real flash's time pass (scaled, and injected). */
  spend(durationMs: number): Promise<void>;
  /** Called after the answer to CHANGE_BAUDRATE has left at the old rate. */
  changeBaudRate(baudRate: number): void;
  /** Leaves the loader for the application. */
  leave(): void;
}

/** The ROM's serial loader, and the stub once one was uploaded. */
export class Loader {
  readonly #host: LoaderHost;
  #isStub = false;
  #session: WriteSession | null = null;
  #compressed = false;
  /** The stub acknowledges a block before it writes it; what went wrong is said at the next command. */
  #deferredFault = 0;
  #reading: FlashReading | null = null;

  constructor(host: LoaderHost) {
    this.#host = host;
  }

  /** Whether a stub is running. */
  get isStub(): boolean {
    return this.#isStub;
  }

  /** Works on one packet until it is answered. */
  async handle(packet: Uint8Array): Promise<void> {
    if (this.#reading !== null) {
      this.#acknowledge(packet, this.#reading);
      return;
    }
    const request = parseRequest(packet);
    if (request === null) return;
    if (request.op === OP.sync) {
      const value = this.#isStub ? 0 : ROM_SYNC_VALUE;
      for (let count = 0; count < SYNC_ANSWERS; count += 1) this.#answer(OP.sync, { value });
      return;
    }
    const answer = await this.#run(request);
    if (answer !== null) this.#answer(request.op, answer);
    await this.#after(request);
  }

  async #run(request: Request): Promise<Answer | null> {
    try {
      const stubOnly = request.op >= OP.eraseFlash;
      if (stubOnly && !this.#isStub) return this.#unsupported();
      return await this.#dispatch(request);
    } catch (error) {
      if (!(error instanceof OtakitError)) throw error;
      return { fault: this.#isStub ? FAULT.stubSpiFailed : FAULT.failed };
    }
  }

  async #dispatch({ op, checksum, data }: Request): Promise<Answer | null> {
    const { flash, registers } = this.#host;
    const [first = 0, second = 0, , fourth = 0] = words(data, 4);
    switch (op) {
      case OP.readReg:
        return { value: registers.read(first) };
      case OP.writeReg:
        for (let offset = 0; offset + 16 <= data.length; offset += 16) {
          const [address = 0, value = 0, mask = 0] = words(data.subarray(offset), 3);
          registers.write(address, value, mask);
        }
        return {};
      case OP.memBegin:
      case OP.memEnd:
      case OP.spiSetParams:
      case OP.spiAttach:
      case OP.changeBaudRate:
        return {};
      case OP.memData:
        return { fault: this.#blockFault(data, checksum) };
      case OP.securityInfo:
        return this.#securityInfo();
      case OP.flashBegin:
      case OP.deflBegin:
        return this.#begin(op === OP.deflBegin, first, fourth);
      case OP.flashData:
      case OP.deflData:
        return this.#data(op === OP.deflData, data, checksum);
      case OP.flashEnd:
      case OP.deflEnd:
        return this.#end();
      case OP.flashMd5: {
        const digest = md5(flash.read(first, second));
        const data16 = this.#isStub ? digest : new TextEncoder().encode(toHex(digest));
        return { data: data16 };
      }
      case OP.readFlashSlow:
        return { data: flash.read(first, Math.min(second, 64)).slice() };
      case OP.eraseFlash:
        await this.#host.spend(flash.erase(0, flash.sizeBytes));
        return {};
      case OP.eraseRegion:
        await this.#host.spend(flash.erase(first, second));
        return {};
      case OP.readFlash:
        return this.#readFlash(data);
      case OP.runUserCode:
        return null;
      default:
        return this.#unsupported();
    }
  }

  #securityInfo(): Answer {
    const { profile, imageChipId, secureBoot, flashEncryption } = this.#host;
    if (profile.securityInfo === 'none') return this.#unsupported();
    const info = new Uint8Array(profile.securityInfo === 'full' ? 20 : 12);
    const view = new DataView(info.buffer);
    view.setUint32(0, secureBoot ? FLAG_SECURE_BOOT : 0, true);
    view.setUint8(4, flashEncryption ? 1 : 0);
    if (info.length === 20) view.setUint32(12, imageChipId, true);
    return { data: info };
  }

  async #begin(compressed: boolean, sizeBytes: number, flashOffset: number): Promise<Answer> {
    const { flash } = this.#host;
    const end = alignUp(flashOffset + sizeBytes, SECTOR_BYTES);
    const start = Math.floor(flashOffset / SECTOR_BYTES) * SECTOR_BYTES;
    await this.#host.spend(flash.erase(start, end - start));
    this.#compressed = compressed;
    this.#deferredFault = 0;
    this.#session = openWriteSession(flash, flashOffset, sizeBytes, compressed);
    return {};
  }

  async #data(compressed: boolean, data: Uint8Array, checksum: number): Promise<Answer | null> {
    if (this.#session === null || this.#compressed !== compressed) {
      return { fault: this.#isStub ? FAULT.stubNotInFlashMode : FAULT.failed };
    }
    const blockFault = this.#blockFault(data, checksum);
    if (blockFault !== 0) return { fault: blockFault };
    const [length = 0] = words(data, 1);
    const block = data.subarray(16, 16 + length);
    if (!this.#isStub) return { fault: await this.#store(block) };
    const fault = this.#deferredFault;
    this.#answer(compressed ? OP.deflData : OP.flashData, { fault });
    this.#deferredFault = fault === 0 ? await this.#store(block) : fault;
    return null;
  }

  async #store(block: Uint8Array): Promise<number> {
    const session = this.#session;
    if (session === null) return FAULT.failed;
    try {
      await this.#host.spend(await session.write(block));
    } catch (error) {
      if (error instanceof OtakitError)
        return this.#isStub ? FAULT.stubSpiFailed : FAULT.flashWrite;
      return this.#isStub ? FAULT.stubInflate : FAULT.inflate;
    }
    // The last block of an uncompressed write is padded with FF, which is no excess.
    if (this.#isStub && this.#compressed && session.excessBytes > 0) return FAULT.stubTooMuchData;
    return 0;
  }

  #end(): Answer {
    const session = this.#session;
    if (!this.#isStub) {
      this.#session = null;
      return {};
    }
    if (session === null) return { fault: FAULT.stubNotInFlashMode };
    const fault = this.#deferredFault || (session.missingBytes > 0 ? FAULT.stubNotEnoughData : 0);
    if (fault === 0) this.#session = null;
    return { fault };
  }

  #readFlash(data: Uint8Array): Answer {
    const [flashOffset = 0, length = 0, blockBytes = 0] = words(data, 3);
    // The range is checked here, so that a bad one is an error and not a broken stream.
    const content = this.#host.flash.read(flashOffset, length);
    this.#reading = { content, blockBytes: blockBytes || SECTOR_BYTES, sent: 0 };
    return {};
  }

  /** What happens after the answer is out: the rate changes, the stub starts, the loader is left. */
  async #after({ op, data }: Request): Promise<void> {
    const [first = 0] = words(data, 1);
    if (op === OP.changeBaudRate) this.#host.changeBaudRate(first);
    if (op === OP.readFlash) this.#sendBlock();
    if (op === OP.memEnd && first === 0) {
      this.#isStub = true;
      this.#session = null;
      this.#host.send(slipEncode(new TextEncoder().encode('OHAI')));
    }
    if (op === OP.runUserCode) this.#host.leave();
    if ((op === OP.flashEnd || op === OP.deflEnd) && first === 0) this.#host.leave();
  }

  /** Each acknowledgement lets one more block go, however many the host said that it would take. */
  #acknowledge(packet: Uint8Array, { content, sent }: FlashReading): void {
    if (packet.length === ACKNOWLEDGEMENT_BYTES && sent < content.length) this.#sendBlock();
    else this.#endReading();
  }

  #sendBlock(): void {
    const reading = this.#reading;
    if (reading === null) return;
    const block = reading.content.subarray(reading.sent, reading.sent + reading.blockBytes);
    this.#host.send(slipEncode(block));
    reading.sent += block.length;
  }

  /** The MD5 comes when everything was acknowledged, or as soon as something else is said. */
  #endReading(): void {
    if (this.#reading === null) return;
    this.#host.send(slipEncode(md5(this.#reading.content.subarray(0, this.#reading.sent))));
    this.#reading = null;
  }

  #blockFault(data: Uint8Array, checksum: number): number {
    const [length = 0] = words(data, 1);
    const block = data.subarray(16);
    if (block.length !== length) {
      return this.#isStub ? FAULT.stubBadDataLength : FAULT.invalidMessage;
    }
    if (blockChecksum(block) !== (checksum & 0xff)) {
      return this.#isStub ? FAULT.stubChecksum : FAULT.checksum;
    }
    return 0;
  }

  #unsupported(): Answer {
    return { fault: this.#isStub ? FAULT.stubUnknownCommand : FAULT.invalidMessage };
  }

  #answer(op: number, answer: Answer): void {
    const statusBytes = this.#isStub ? STUB_STATUS_BYTES : ROM_STATUS_BYTES;
    this.#host.send(slipEncode(serializeResponse(op, answer, statusBytes)));
  }
}

interface FlashReading {
  readonly content: Uint8Array;
  readonly blockBytes: number;
  sent: number;
}
