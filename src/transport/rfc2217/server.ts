import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type Clock, concatBytes } from '../../shared/index.ts';
import type { Link, Signals } from '../link.ts';
import { ANSWER, COMMAND, CONTROL, readU32be, u32be } from './com-port.ts';
import {
  comPortCommand,
  DO,
  DONT,
  escapeData,
  negotiation,
  OPTION,
  TelnetParser,
  WILL,
  WONT,
} from './telnet.ts';
import { SignalIntent } from './signal-intent.ts';

/** How long a client waits for the one before it to be gone. */
const GRACE_MS = 1000;

/** Which port to share, and where. */
export interface Rfc2217ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly clock: Clock;
  /** Opens what a client talks to, once per connection; the server disposes of it afterwards. */
  readonly open: () => Promise<Link>;
  readonly onEvent?: (event: Rfc2217Event) => void;
}

/** What happened to a shared port: who came, went, was turned away, or failed. */
export type Rfc2217Event =
  | { readonly kind: 'connected' | 'disconnected' | 'refused'; readonly peer: string }
  | { readonly kind: 'failed'; readonly peer: string; readonly error: unknown };

/** A running server; disposing of it frees the port. */
export interface Rfc2217Server extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/**
 * Shares one port over RFC 2217: one client at a time, a second is turned away. Clients that set DTR
 * and RTS one after the other (pyserial, so esptool too) still get a clean reset into the loader,
 * see signal-intent.ts.
 */
export async function createRfc2217Server(options: Rfc2217ServerOptions): Promise<Rfc2217Server> {
  const { onEvent = () => {} } = options;
  let current: Promise<void> | null = null;
  const sockets = new Set<Socket>();
  const admit = async (socket: Socket): Promise<void> => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.add(socket);
    socket.on('error', () => {});
    // Who has just hung up may still be taken care of when the next one calls.
    if (current !== null) await goneWithin(current, options.clock);
    if (current !== null) {
      onEvent({ kind: 'refused', peer });
      sockets.delete(socket);
      socket.destroy();
      return;
    }
    if (socket.destroyed) {
      sockets.delete(socket);
      return;
    }
    onEvent({ kind: 'connected', peer });
    current = serveClient(socket, options)
      .then(
        () => onEvent({ kind: 'disconnected', peer }),
        (error: unknown) => onEvent({ kind: 'failed', peer, error }),
      )
      .finally(() => {
        socket.destroy();
        sockets.delete(socket);
        current = null;
      });
  };
  const server = createServer({ noDelay: true }, (socket) => void admit(socket));
  const address = await listen(server, options.host, options.port);
  return {
    host: address.address,
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await current;
      await closed;
    },
  };
}

/** Waits for a client to be gone, but not for long. */
async function goneWithin(client: Promise<void>, clock: Clock): Promise<void> {
  const enough = new AbortController();
  const patience = clock.sleep(GRACE_MS, enough.signal).catch(() => {});
  await Promise.race([client, patience]);
  enough.abort();
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Serves one client until it or the port goes away. */
async function serveClient(socket: Socket, { open, clock }: Rfc2217ServerOptions): Promise<void> {
  const closed = new AbortController();
  const received: Uint8Array[] = [];
  let wake = () => {};
  socket.on('data', (chunk: Uint8Array) => {
    received.push(new Uint8Array(chunk));
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed.abort();
    wake();
  });

  await using link = await open();
  const session = new ComPortSession(link, new SignalIntent(link, clock), (bytes) => {
    if (!socket.destroyed) socket.write(bytes);
  });

  let failure: { readonly error: unknown } | null = null;
  const sending = sendToClient(socket, link, closed.signal).catch((error: unknown) => {
    if (!closed.signal.aborted) failure = { error };
    socket.destroy();
  });

  while (!closed.signal.aborted) {
    if (received.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (received.length > 0 || closed.signal.aborted) resolve();
      });
    }
    // What arrived together is applied together: DTR and RTS of one packet change at once.
    await session.receive(concatBytes(received.splice(0)));
  }
  await sending;
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

/** Passes on what the port says, no faster than the client takes it. */
async function sendToClient(socket: Socket, link: Link, closed: AbortSignal): Promise<void> {
  for (;;) {
    const bytes = await link.read(closed);
    if (bytes === null) break;
    if (socket.write(escapeData(bytes))) continue;
    await new Promise<void>((resolve) => {
      socket.once('drain', resolve).once('close', resolve);
    });
  }
  socket.end();
}

/** The server's side of one Telnet connection. */
class ComPortSession {
  readonly #parser = new TelnetParser();
  readonly #link: Link;
  readonly #intent: SignalIntent;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #agreed = new Set<number>();
  #baudRate = 115_200;

  constructor(link: Link, intent: SignalIntent, send: (bytes: Uint8Array) => void) {
    this.#link = link;
    this.#intent = intent;
    this.#send = send;
  }

  async receive(chunk: Uint8Array): Promise<void> {
    let signals: Partial<Signals> = {};
    const answers: Uint8Array[] = [];
    const settle = async () => {
      if (Object.keys(signals).length > 0) await this.#intent.request(signals);
      signals = {};
    };
    for (const event of this.#parser.feed(chunk)) {
      if (event.kind === 'data') {
        await settle();
        await this.#link.write(event.bytes);
      } else if (event.kind === 'negotiation') {
        answers.push(...this.#negotiate(event.verb, event.option));
      } else if (event.option === OPTION.comPort) {
        const [command = -1, ...value] = event.payload;
        const asked = command === COMMAND.setControl ? signalOf(value[0] ?? -1) : null;
        if (asked === null) {
          await settle();
          answers.push(await this.#command(command, Uint8Array.from(value)));
        } else {
          signals = { ...signals, ...asked };
          answers.push(comPortCommand(command + ANSWER, Uint8Array.from(value)));
        }
      }
    }
    await settle();
    if (answers.length > 0) this.#send(concatBytes(answers));
  }

  #negotiate(verb: number, option: number): readonly Uint8Array[] {
    const known =
      option === OPTION.binary || option === OPTION.suppressGoAhead || option === OPTION.comPort;
    if (verb === WILL || verb === DO) {
      if (!known) return [negotiation(verb === WILL ? DONT : WONT, option)];
      const key = verb * 256 + option;
      // Answer a request once; an acknowledgement of our own answer must not be answered again.
      if (this.#agreed.has(key)) return [];
      this.#agreed.add(key);
      return [negotiation(verb === WILL ? DO : WILL, option)];
    }
    return [];
  }

  async #command(command: number, value: Uint8Array): Promise<Uint8Array> {
    let answer = value;
    if (command === COMMAND.signature) {
      answer = new TextEncoder().encode('otakit');
    } else if (command === COMMAND.setBaudRate) {
      const asked = readU32be(value) ?? 0;
      if (asked > 0) {
        await this.#link.setBaudRate(asked);
        this.#baudRate = asked;
      }
      answer = u32be(this.#baudRate);
    } else if (command === COMMAND.purgeData) {
      this.#link.discardInput();
    } else if (command === COMMAND.setControl) {
      answer = Uint8Array.of(this.#controlAnswer(value[0] ?? 0));
    }
    return comPortCommand(command + ANSWER, answer);
  }

  #controlAnswer(asked: number): number {
    const { dtr, rts } = this.#intent.signals;
    if (asked === CONTROL.askDtr) return dtr ? CONTROL.dtrOn : CONTROL.dtrOff;
    if (asked === CONTROL.askRts) return rts ? CONTROL.rtsOn : CONTROL.rtsOff;
    if (asked === CONTROL.askBreak) return CONTROL.breakOff;
    if (asked === CONTROL.askFlow) return CONTROL.noFlow;
    return asked;
  }
}

function signalOf(control: number): Partial<Signals> | null {
  if (control === CONTROL.dtrOn || control === CONTROL.dtrOff) {
    return { dtr: control === CONTROL.dtrOn };
  }
  if (control === CONTROL.rtsOn || control === CONTROL.rtsOff) {
    return { rts: control === CONTROL.rtsOn };
  }
  return null;
}
