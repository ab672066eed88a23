import { type Clock, concatBytes } from '../../shared/index.ts';
import { TransportError } from '../codes.ts';
import { Incoming } from '../incoming.ts';
import type { Link, LinkOptions } from '../link.ts';
import { closeSocket, connectTcp, lost, writeSocket } from '../tcp-link.ts';
import { ANSWER, COMMAND, CONTROL, PURGE_BOTH, u32be } from './com-port.ts';
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

/** How long a server may take to say that it speaks RFC 2217, or to take a setting over. */
const ANSWER_TIMEOUT_MS = 5000;

/**
 * A serial port behind an RFC 2217 server: ser2net, Espressif's esp_rfc2217_server, or
 * `otakit serial-server`. DTR and RTS go out in one packet, so that a server that is quick enough
 * changes both at once.
 */
export async function openRfc2217Link(
  target: string,
  host: string,
  port: number,
  { baudRate, signal }: LinkOptions,
  clock: Clock,
): Promise<Link> {
  const socket = await connectTcp(host, port, signal);
  const incoming = new Incoming();
  const parser = new TelnetParser();
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let disposed = false;
  let failure: Error | undefined;
  let isAccepted = false;
  /** What a server says before any Telnet: why it hangs up. */
  let greeting = '';

  const send = (...parts: Uint8Array[]) => writeSocket(socket, concatBytes(parts), target);
  const refuse = (verb: number, option: number) => {
    const known = [OPTION.binary, OPTION.suppressGoAhead, OPTION.comPort].some((o) => o === option);
    if (verb === DO && !known) void send(negotiation(WONT, option)).catch(() => {});
    if (verb === WILL && !known) void send(negotiation(DONT, option)).catch(() => {});
  };
  const accepted = Promise.withResolvers<void>();
  accepted.promise.catch(() => {});

  socket.on('data', (chunk: Uint8Array) => {
    for (const event of parser.feed(chunk)) {
      if (event.kind === 'data') {
        incoming.push(event.bytes);
        if (!isAccepted) greeting = heard(greeting, event.bytes);
      } else if (event.kind === 'negotiation') {
        if (event.option === OPTION.comPort && (event.verb === DO || event.verb === WILL)) {
          isAccepted = true;
          accepted.resolve();
        } else if (event.option === OPTION.comPort) {
          accepted.reject(notRfc2217(target, 'it refused the COM port option'));
        } else {
          refuse(event.verb, event.option);
        }
      } else if (event.option === OPTION.comPort) {
        waiting.get(event.payload[0] ?? -1)?.resolve();
      }
    }
  });
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', () => {
    const error = isAccepted ? lost(target, failure) : turnedAway(target, greeting);
    incoming.end(disposed ? null : error);
    accepted.reject(error);
    for (const answer of waiting.values()) answer.reject(error);
  });

  /** Sends commands and waits until the server has confirmed one of them (the last). */
  const command = async (confirmedBy: number, ...parts: Uint8Array[]): Promise<void> => {
    const answer = Promise.withResolvers<void>();
    waiting.set(confirmedBy + ANSWER, answer);
    try {
      await send(...parts);
      await within(answer.promise, clock, () =>
        notRfc2217(target, `it did not confirm command ${confirmedBy}`),
      );
    } finally {
      waiting.delete(confirmedBy + ANSWER);
    }
  };

  const link: Link = {
    target,
    usb: null,
    hasSignals: true,
    hasBaudRate: true,
    write: (bytes) => writeSocket(socket, escapeData(bytes), target),
    read: (readSignal) => incoming.read(readSignal),
    setBaudRate: (rate) =>
      command(COMMAND.setBaudRate, comPortCommand(COMMAND.setBaudRate, u32be(rate))),
    setSignals: ({ dtr, rts }) =>
      command(
        COMMAND.setControl,
        comPortCommand(COMMAND.setControl, Uint8Array.of(dtr ? CONTROL.dtrOn : CONTROL.dtrOff)),
        comPortCommand(COMMAND.setControl, Uint8Array.of(rts ? CONTROL.rtsOn : CONTROL.rtsOff)),
      ),
    discardInput: () => {
      incoming.discard();
      void send(comPortCommand(COMMAND.purgeData, Uint8Array.of(PURGE_BOTH))).catch(() => {});
    },
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      incoming.end();
      await closeSocket(socket);
    },
  };

  try {
    await send(
      negotiation(WILL, OPTION.comPort),
      negotiation(DO, OPTION.comPort),
      negotiation(WILL, OPTION.binary),
      negotiation(DO, OPTION.binary),
      negotiation(WILL, OPTION.suppressGoAhead),
      negotiation(DO, OPTION.suppressGoAhead),
    );
    await within(accepted.promise, clock, () =>
      notRfc2217(target, 'it did not answer the COM port option'),
    );
    await send(
      comPortCommand(COMMAND.setDataSize, Uint8Array.of(8)),
      comPortCommand(COMMAND.setParity, Uint8Array.of(1)),
      comPortCommand(COMMAND.setStopSize, Uint8Array.of(1)),
      comPortCommand(COMMAND.setControl, Uint8Array.of(CONTROL.noFlow)),
    );
    await link.setBaudRate(baudRate);
    return link;
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
}

function notRfc2217(target: string, why: string): TransportError {
  return new TransportError('transport/not-rfc2217', `${target} does not speak RFC 2217: ${why}`, {
    hint: 'For a raw TCP pipe use tcp://host:port; otherwise start ser2net, esp_rfc2217_server or `otakit serial-server` there.',
    details: { target },
  });
}

function turnedAway(target: string, greeting: string): TransportError {
  const why = greeting.trim();
  return new TransportError(
    'transport/port-busy',
    `${target} hung up at once${why === '' ? '' : `: ${why}`}`,
    {
      hint: 'A serial server serves one client at a time: end the one that has the port, or look at what the server says about its own port.',
      details: { target, said: why },
    },
  );
}

/** Adds to what was heard, as much as makes a sentence. */
function heard(before: string, bytes: Uint8Array): string {
  const text = new TextDecoder('latin1').decode(bytes).replaceAll(/[^\x20-\x7e]+/g, ' ');
  return (before + text).slice(0, 200);
}

async function within(promise: Promise<void>, clock: Clock, error: () => Error): Promise<void> {
  const cancel = new AbortController();
  const timeout = clock.sleep(ANSWER_TIMEOUT_MS, cancel.signal).then(() => {
    throw error();
  });
  timeout.catch(() => {});
  try {
    await Promise.race([promise, timeout]);
  } finally {
    cancel.abort();
  }
}
