import { md5 } from '../../shared/index.ts';

const ACKNOWLEDGEMENT_BYTES = 4;

/**
 * One READ_FLASH of the stub. Each acknowledgement lets one more block go, however many the host said
 * that it would take; the MD5 comes when everything was acknowledged, or as soon as something else is said.
 */
export class FlashReading {
  readonly #content: Uint8Array;
  readonly #blockBytes: number;
  readonly #send: (frame: Uint8Array) => void;
  #sent = 0;

  constructor(content: Uint8Array, blockBytes: number, send: (frame: Uint8Array) => void) {
    this.#content = content;
    this.#blockBytes = blockBytes;
    this.#send = send;
  }

  sendBlock(): void {
    const block = this.#content.subarray(this.#sent, this.#sent + this.#blockBytes);
    this.#send(block);
    this.#sent += block.length;
  }

  /** Takes what the host says; whether the reading goes on. */
  hear(packet: Uint8Array): boolean {
    if (packet.length === ACKNOWLEDGEMENT_BYTES && this.#sent < this.#content.length) {
      this.sendBlock();
      return true;
    }
    this.#send(md5(this.#content.subarray(0, this.#sent)));
    return false;
  }
}
