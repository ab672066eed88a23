import { md5, OtakitError, toHex } from '../../shared/index.ts';
import { FlashReading } from './flash-reading.ts';
import { FlashWriting } from './flash-writing.ts';
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
import { Ram } from './ram.ts';
import type { Registers } from './registers.ts';
import { slipEncode } from './slip.ts';

const SECTOR_BYTES = 0x1000;
const ROM_READ_BYTES = 64;
/** The ROM answers SYNC eight times; with a value that is not 0, by which hosts tell it from the stub. */
const SYNC_ANSWERS = 8;
const ROM_SYNC_VALUE = 0x5555_2007;
const FLAG_SECURE_BOOT = 1 << 0;
const FLAG_SECURE_DOWNLOAD = 1 << 2;
/** What of the host's data gets through the ROM's own USB device in one block. */
const USB_OTG_BLOCK_BYTES = 0x800;

/** All that the ROM does in secure download mode. */
const SECURE_DOWNLOAD_OPS: ReadonlySet<number> = new Set([
  OP.sync,
  OP.flashBegin,
  OP.flashData,
  OP.flashEnd,
  OP.deflBegin,
  OP.deflData,
  OP.deflEnd,
  OP.spiSetParams,
  OP.spiAttach,
  OP.changeBaudRate,
  OP.securityInfo,
]);

/** What takes a flash that is connected. */
const FLASH_OPS: ReadonlySet<number> = new Set([
  OP.flashBegin,
  OP.deflBegin,
  OP.flashMd5,
  OP.readFlashSlow,
  OP.eraseFlash,
  OP.eraseRegion,
  OP.readFlash,
]);

/** What the loader needs of the chip that it runs on. */
export interface LoaderHost {
  readonly profile: ChipProfile;
  readonly registers: Registers;
  readonly flash: NorFlash;
  readonly imageChipId: number;
  readonly secureBoot: boolean;
  readonly secureDownload: boolean;
  readonly flashEncryption: boolean;
  /** Whether the host comes through the ROM's own USB device. */
  readonly isUsbOtg: boolean;
  send(bytes: Uint8Array): void;
  /** Lets a real flash's time pass (scaled, and injected). */
  spend(durationMs: number): Promise<void>;
  /** Called after the answer to CHANGE_BAUDRATE has left at the old rate. */
  changeBaudRate(baudRate: number, isStub: boolean): void;
  /** Leaves the loader for the application. */
  leave(): void;
  /** Runs into code that is none. */
  crash(): void;
}

/** The ROM's serial loader, and the stub once one was uploaded. */
export class Loader {
  readonly #host: LoaderHost;
  readonly #ram = new Ram();
  #isStub = false;
  #writing: FlashWriting;
  #reading: FlashReading | null = null;
  /** The stub acknowledges a block before it writes it; what went wrong is said instead of the next command. */
  #deferredFault = 0;

  constructor(host: LoaderHost) {
    this.#host = host;
    this.#writing = this.#newWriting();
  }

  /** Whether a stub is running. */
  get isStub(): boolean {
    return this.#isStub;
  }

  /** Works on one packet until it is answered. */
  async handle(packet: Uint8Array): Promise<void> {
    if (this.#reading !== null) {
      if (!this.#reading.hear(packet)) this.#reading = null;
      return;
    }
    const request = parseRequest(packet);
    if (request === null) return;
    const fault = this.#deferredFault;
    this.#deferredFault = 0;
    if (fault !== 0) {
      this.#answer(request.op, { fault });
      return;
    }
    if (request.op === OP.sync) {
      const value = this.#isStub ? 0 : ROM_SYNC_VALUE;
      for (let count = 0; count < SYNC_ANSWERS; count += 1) this.#answer(OP.sync, { value });
      return;
    }
    const answer = await this.#run(request);
    if (answer !== null) this.#answer(request.op, answer);
    if (answer === null || (answer.fault ?? 0) === 0) await this.#after(request);
  }

  async #run(request: Request): Promise<Answer | null> {
    const { op } = request;
    if (this.#isRefused(op)) return this.#refuse();
    if (op === OP.readFlashSlow && this.#romReadIsHijacked()) return null;
    if (FLASH_OPS.has(op) && !this.#host.registers.flashAttached) {
      return { fault: this.#isStub ? FAULT.stubSpiFailed : FAULT.failed };
    }
    try {
      return await this.#dispatch(request);
    } catch (error) {
      if (!(error instanceof OtakitError)) throw error;
      return { fault: this.#isStub ? FAULT.stubSpiFailed : FAULT.failed };
    }
  }

  #isRefused(op: number): boolean {
    if (this.#isStub) return op === OP.readFlashSlow;
    if (op >= OP.eraseFlash) return true;
    return this.#host.secureDownload && !SECURE_DOWNLOAD_OPS.has(op);
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
        this.#ram.begin(first, fourth);
        return {};
      case OP.memEnd:
      case OP.spiSetParams:
      case OP.changeBaudRate:
        return {};
      case OP.spiAttach:
        registers.attachFlash(first);
        return {};
      case OP.memData:
        return this.#memData(data, checksum);
      case OP.securityInfo:
        return this.#securityInfo();
      case OP.flashBegin:
      case OP.deflBegin: {
        const compressed = op === OP.deflBegin;
        await this.#writing.begin({ compressed, sizeBytes: first, flashOffset: fourth });
        return {};
      }
      case OP.flashData:
      case OP.deflData: {
        const fault = this.#writing.accepts(op === OP.deflData) || this.#blockFault(data, checksum);
        if (fault !== 0 || this.#isStub) return { fault };
        return { fault: await this.#writing.store(blockOf(data)) };
      }
      case OP.flashEnd:
      case OP.deflEnd:
        return { fault: this.#writing.end() };
      case OP.flashMd5: {
        const digest = md5(flash.read(first, second));
        return { data: this.#isStub ? digest : new TextEncoder().encode(toHex(digest)) };
      }
      case OP.readFlashSlow: {
        // However little was asked for, so much comes.
        const answer = new Uint8Array(ROM_READ_BYTES).fill(0xff);
        answer.set(flash.read(first, Math.min(second, ROM_READ_BYTES)));
        return { data: answer };
      }
      case OP.eraseFlash:
        await this.#host.spend(flash.erase(0, flash.sizeBytes));
        return {};
      case OP.eraseRegion:
        if (first % SECTOR_BYTES !== 0 || second % SECTOR_BYTES !== 0) {
          return { fault: FAULT.stubBadDataLength };
        }
        await this.#host.spend(flash.erase(first, second));
        return {};
      case OP.readFlash:
        return this.#readFlash(data);
      case OP.runUserCode:
        return null;
      default:
        return this.#refuse();
    }
  }

  #memData(data: Uint8Array, checksum: number): Answer | null {
    const block = blockOf(data);
    // A larger one never arrives whole, and the ROM waits for the rest.
    if (!this.#isStub && this.#host.isUsbOtg && block.length > USB_OTG_BLOCK_BYTES) return null;
    const fault = this.#blockFault(data, checksum);
    if (fault !== 0 || this.#ram.take(block)) return { fault };
    return { fault: this.#isStub ? FAULT.stubTooMuchData : FAULT.failed };
  }

  #securityInfo(): Answer {
    const { profile, imageChipId, secureBoot, secureDownload, flashEncryption } = this.#host;
    if (profile.securityInfo === 'none') {
      return this.#isStub ? { fault: FAULT.stubNotImplemented } : this.#refuse();
    }
    const info = new Uint8Array(profile.securityInfo === 'full' ? 20 : 12);
    const view = new DataView(info.buffer);
    const flags = (secureBoot ? FLAG_SECURE_BOOT : 0) | (secureDownload ? FLAG_SECURE_DOWNLOAD : 0);
    view.setUint32(0, flags, true);
    view.setUint8(4, flashEncryption ? 1 : 0);
    if (info.length === 20) view.setUint32(12, imageChipId, true);
    return { data: info };
  }

  #readFlash(data: Uint8Array): Answer {
    const [flashOffset = 0, length = 0, blockBytes = 0] = words(data, 3);
    // The range is checked here, so that a bad one is an error and not a broken stream.
    const content = this.#host.flash.read(flashOffset, length);
    this.#reading = new FlashReading(content, blockBytes || SECTOR_BYTES, (frame) =>
      this.#host.send(slipEncode(frame)),
    );
    return {};
  }

  /** What happens after the answer is out: the rate changes, the stub starts or writes, the ROM leaves. */
  async #after({ op, data }: Request): Promise<void> {
    const [first = 0, second = 0] = words(data, 2);
    if (op === OP.changeBaudRate) this.#host.changeBaudRate(first, this.#isStub);
    if (op === OP.readFlash) this.#reading?.sendBlock();
    if (op === OP.memEnd && first === 0 && !this.#keepsStubOut()) this.#start(second);
    if (op === OP.readFlashSlow && this.#romReadIsHijacked()) {
      this.#start(this.#host.registers.read(this.#host.profile.romReadPointer ?? 0));
    }
    if (this.#isStub && (op === OP.deflData || op === OP.flashData)) {
      this.#deferredFault = await this.#writing.store(blockOf(data));
    }
    // The stub has no way out: neither this nor RUN_USER_CODE restarts anything.
    if (!this.#isStub && (op === OP.flashEnd || op === OP.deflEnd) && first === 0) {
      this.#host.leave();
    }
  }

  /** Secure boot keeps some ROMs from running what was put into RAM. */
  #keepsStubOut(): boolean {
    return !this.#isStub && this.#host.secureBoot && this.#host.profile.secureBootKeepsStubOut;
  }

  /** Whether a host has put something else where the ROM looks up how to read flash. */
  #romReadIsHijacked(): boolean {
    const { romReadPointer } = this.#host.profile;
    if (this.#isStub || romReadPointer === null) return false;
    return this.#ram.canRun(this.#host.registers.read(romReadPointer));
  }

  #start(entryPoint: number): void {
    if (!this.#ram.canRun(entryPoint)) {
      this.#host.crash();
      return;
    }
    this.#isStub = true;
    this.#writing = this.#newWriting();
    // It goes by the eFuses, which the ROM does not.
    this.#host.registers.attachFlash(null);
    this.#host.send(slipEncode(new TextEncoder().encode('OHAI')));
  }

  #newWriting(): FlashWriting {
    const { flash } = this.#host;
    return new FlashWriting(flash, this.#isStub, (durationMs) => this.#host.spend(durationMs));
  }

  #blockFault(data: Uint8Array, checksum: number): number {
    const [length = 0] = words(data, 1);
    const block = data.subarray(16);
    if (block.length !== length) {
      return this.#isStub ? FAULT.stubTooMuchData : FAULT.invalidMessage;
    }
    if (blockChecksum(block) !== (checksum & 0xff)) {
      return this.#isStub ? FAULT.stubChecksum : FAULT.checksum;
    }
    return 0;
  }

  #refuse(): Answer {
    return { fault: this.#isStub ? FAULT.stubUnknownCommand : FAULT.invalidMessage };
  }

  #answer(op: number, answer: Answer): void {
    this.#host.send(slipEncode(serializeResponse(op, answer, this.#isStub)));
  }
}

/** The block of a data command, after its header. */
function blockOf(data: Uint8Array): Uint8Array {
  const [length = 0] = words(data, 1);
  return data.subarray(16, 16 + length);
}
