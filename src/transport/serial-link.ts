import { access, realpath } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import { TransportError } from './codes.ts';
import { Incoming } from './incoming.ts';
import type { Link, LinkOptions, Signals, UsbIdentity } from './link.ts';
import { describeOpenFailure } from './open-failure.ts';
import { setLinuxSignals } from './linux-signals.ts';
import { lost } from './tcp-link.ts';
import { usbIdentityOf } from './ports.ts';

/**
 * A local serial port. It is opened without `hupcl`, because dropping DTR and RTS on close would
 * reset the board that was just flashed.
 */
export async function openSerialLink(
  path: string,
  { baudRate, signal }: LinkOptions,
): Promise<Link> {
  signal?.throwIfAborted();
  const port = new SerialPort({ path, baudRate, hupcl: false, lock: true, autoOpen: false });
  await call((done) => port.open(done)).catch(async (cause: Error) => {
    throw await describeOpenFailure(path, cause);
  });
  // A link such as those in /dev/serial/by-id may lead elsewhere by the time that it is looked at.
  const device = await realpath(path).catch(() => path);
  return new SerialLink(port, device, await usbIdentityOf(path), await probeSignals(port));
}

/** How often an open port is looked for, see {@link SerialLink}. */
const PRESENCE_CHECK_MS = 500;

/**
 * What goes with every change of the lines. An FTDI chip gathers what it receives for 16 ms unless the
 * driver is asked for low latency (Linux; elsewhere, and by other drivers, it is ignored), and there
 * is one round trip for each block.
 */
const UNCHANGING = { brk: false, lowLatency: true };

/** How modem lines are set on this port; `none` where the driver has no such lines (a pty). */
type SignalsBy = 'serialport' | 'ioctl' | 'none';

class SerialLink implements Link {
  readonly target: string;
  readonly usb: UsbIdentity | null;
  readonly hasBaudRate = true;
  readonly #port: SerialPort;
  readonly #incoming = new Incoming();
  readonly #presence: NodeJS.Timeout;
  readonly #signalsBy: SignalsBy;

  constructor(port: SerialPort, device: string, usb: UsbIdentity | null, signalsBy: SignalsBy) {
    this.target = port.path;
    this.usb = usb;
    this.#port = port;
    this.#signalsBy = signalsBy;
    port.on('data', (chunk: Uint8Array) => this.#incoming.push(new Uint8Array(chunk)));
    port.on('error', (error: Error) => this.#incoming.end(lost(this.target, error)));
    port.on('close', (error: Error | null) =>
      this.#incoming.end(error ? lost(this.target, error) : null),
    );
    // A port that was unplugged while nothing was read reads as an endless silence on some kernels;
    // its device file is gone at once.
    this.#presence = setInterval(() => {
      if (process.platform === 'win32') return;
      access(device).catch((error: Error) => this.#incoming.end(lost(this.target, error)));
    }, PRESENCE_CHECK_MS).unref();
  }

  get hasSignals(): boolean {
    return this.#signalsBy !== 'none';
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#port.isOpen) throw lost(this.target);
    await call((done) => this.#port.write(bytes, done)).catch((error: Error) => {
      throw lost(this.target, error);
    });
  }

  read(signal?: AbortSignal): Promise<Uint8Array | null> {
    return this.#incoming.read(signal);
  }

  async setBaudRate(baudRate: number): Promise<void> {
    // Here and not after each write: what is still queued would leave at the new rate. Waiting holds
    // one of the process's few threads, so it must not be what many boards at once mostly do.
    await this.#ask('the bytes could not be sent', (done) => this.#port.drain(done));
    await this.#ask(`the driver refuses ${baudRate} baud`, (done) =>
      this.#port.update({ baudRate }, done),
    );
  }

  async setSignals(signals: Signals): Promise<void> {
    if (this.#signalsBy === 'none') return;
    if (this.#signalsBy === 'ioctl') {
      await setLinuxSignals(this.#port, signals);
      return;
    }
    // Both lines always: serialport fills in what is missing with its own defaults.
    await this.#ask('the driver refuses to set DTR and RTS', (done) =>
      this.#port.set({ ...signals, ...UNCHANGING }, done),
    );
  }

  discardInput(): void {
    this.#incoming.discard();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#presence);
    this.#incoming.end();
    if (this.#port.isOpen) await call((done) => this.#port.close(done)).catch(() => {});
  }

  async #ask(what: string, action: (done: Done) => void): Promise<void> {
    if (!this.#port.isOpen) throw lost(this.target);
    await call(action).catch((cause: Error) => {
      throw new TransportError(
        'transport/port-failed',
        `${this.target}: ${what} (${cause.message})`,
        {
          hint: 'Choose a lower --baud, or try another cable, hub or driver.',
          details: { target: this.target },
          cause,
        },
      );
    });
  }
}

/**
 * Finds out how the lines of a port are set, without changing them from what opening left:
 * asserted both, which leaves the usual reset circuit at rest.
 */
async function probeSignals(port: SerialPort): Promise<SignalsBy> {
  try {
    await call((done) => port.set({ dtr: true, rts: true, ...UNCHANGING }, done));
    return 'serialport';
  } catch {
    // A pty answers ENOTTY. CDC-ACM drivers without break support answer EOPNOTSUPP to the break
    // ioctl that serialport always sends first, although their lines work.
  }
  try {
    await setLinuxSignals(port, { dtr: true, rts: true });
    return 'ioctl';
  } catch {
    return 'none';
  }
}

type Done = (error?: Error | null) => void;

/** A callback-style call as a promise. */
function call(action: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    action((error) => (error ? reject(error) : resolve()));
  });
}
