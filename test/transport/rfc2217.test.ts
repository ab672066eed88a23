import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/shared/index.ts';
import {
  createRfc2217Server,
  type Link,
  openLink,
  type Signals,
} from '../../src/transport/index.ts';
import { openRfc2217Link } from '../../src/transport/rfc2217/client.ts';
import { escapeData, TelnetParser } from '../../src/transport/rfc2217/telnet.ts';
import { describeWithPeers } from '../support/peer.ts';
import { freePort, openEchoServer } from './echo-server.ts';
import { type EchoingLink, linkContract, readExactly } from './link-contract.ts';

/** Time that passes at once. */
const instantClock: Clock = {
  now: () => 0,
  monotonicMs: () => 0,
  sleep: async (_, signal) => signal?.throwIfAborted(),
};

interface Shared extends AsyncDisposable {
  readonly target: string;
  /** Every state of the lines, in order, as the port behind the server saw it. */
  readonly signals: readonly Signals[];
  readonly baudRates: readonly number[];
  readonly hangUp: () => void;
}

/** An echo behind our own RFC 2217 server, with what reaches it recorded. */
async function shareEcho(clock: Clock = instantClock): Promise<Shared> {
  const echo = await openEchoServer();
  const signals: Signals[] = [];
  const baudRates: number[] = [];
  const open = async (): Promise<Link> => {
    const link = await openLink(`tcp://127.0.0.1:${echo.port}`, { baudRate: 115_200 });
    return {
      ...link,
      setSignals: async (lines) => void signals.push(lines),
      setBaudRate: async (rate) => void baudRates.push(rate),
    };
  };
  const server = await createRfc2217Server({
    host: '127.0.0.1',
    port: 0,
    clock,
    open,
  });
  return {
    target: `rfc2217://127.0.0.1:${server.port}`,
    signals,
    baudRates,
    hangUp: echo.hangUp,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await echo[Symbol.asyncDispose]();
    },
  };
}

linkContract('rfc2217:// with our own server', async (): Promise<EchoingLink> => {
  const shared = await shareEcho();
  const link = await openLink(shared.target, { baudRate: 115_200 });
  return {
    link,
    hangUp: shared.hangUp,
    [Symbol.asyncDispose]: async () => {
      await link[Symbol.asyncDispose]();
      await shared[Symbol.asyncDispose]();
    },
  };
});

describe('rfc2217://', () => {
  it('changes both lines at once, in the order that was asked for', async () => {
    await using shared = await shareEcho();
    await using link = await openLink(shared.target, { baudRate: 460_800 });
    const sequence = [
      { dtr: false, rts: true },
      { dtr: true, rts: false },
      { dtr: false, rts: false },
    ];
    for (const lines of sequence) await link.setSignals(lines);
    expect(shared.signals).toEqual(sequence);
    expect(shared.baudRates).toEqual([460_800]);
  });

  it('serves one client at a time, and tells the second why', async () => {
    await using shared = await shareEcho();
    await using _first = await openLink(shared.target, { baudRate: 115_200 });
    await expect(openLink(shared.target, { baudRate: 115_200 })).rejects.toMatchObject({
      code: 'transport/port-busy',
      message: expect.stringContaining('another client has it') as string,
    });
  });

  it('tells a client why the port behind it does not open', async () => {
    await using server = await createRfc2217Server({
      host: '127.0.0.1',
      port: 0,
      clock: instantClock,
      open: () => openLink('/dev/no-such-port', { baudRate: 115_200 }),
    });
    const target = `rfc2217://127.0.0.1:${server.port}`;
    await expect(openLink(target, { baudRate: 115_200 })).rejects.toMatchObject({
      message: `${target} hung up at once: there is no port /dev/no-such-port`,
    });
  });

  it('serves who calls while the bytes of the one before are still going out, however long', async () => {
    const slow = Promise.withResolvers<void>();
    const heard: number[] = [];
    const writing = Promise.withResolvers<void>();
    const hungUp = Promise.withResolvers<void>();
    let isOpen = false;
    const open = async (): Promise<Link> => {
      expect(isOpen, 'the port was opened twice').toBe(false);
      isOpen = true;
      return {
        target: 'slow',
        usb: null,
        hasSignals: true,
        hasBaudRate: true,
        write: async (bytes) => {
          writing.resolve();
          await slow.promise;
          heard.push(...bytes);
        },
        read: (signal) =>
          new Promise((_, reject) => {
            signal?.addEventListener('abort', () => {
              hungUp.resolve();
              reject(signal.reason as Error);
            });
          }),
        setBaudRate: async () => {},
        setSignals: async () => {},
        discardInput: () => {},
        [Symbol.asyncDispose]: async () => {
          isOpen = false;
        },
      };
    };
    const events: string[] = [];
    await using server = await createRfc2217Server({
      host: '127.0.0.1',
      port: 0,
      // Whatever time the second is given is over at once, and only then the first one's bytes are
      // out: what counts is that the first has hung up.
      clock: {
        now: () => 0,
        monotonicMs: () => 0,
        sleep: async () => {
          setImmediate(slow.resolve);
        },
      },
      open,
      onEvent: ({ kind }) => {
        events.push(kind);
      },
    });
    const target = `rfc2217://127.0.0.1:${server.port}`;
    const first = await openLink(target, { baudRate: 115_200 });
    await first.write(Uint8Array.of(1, 255, 3));
    await writing.promise;
    await first[Symbol.asyncDispose]();
    await hungUp.promise;
    await using _second = await openLink(target, { baudRate: 115_200 });
    expect(heard).toEqual([1, 255, 3]);
    expect(events).toEqual(['connected', 'disconnected', 'connected']);
  });

  it('hands a block full of 0xFF to the port in one write', () => {
    const block = Uint8Array.from({ length: 16_384 }, (_, index) =>
      index % 3 === 0 ? 255 : index,
    );
    expect(new TelnetParser().feed(escapeData(block))).toEqual([{ kind: 'data', bytes: block }]);
  });

  it('tells a server that is no RFC 2217 server', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    try {
      await expect(
        openRfc2217Link('rfc2217://x', '127.0.0.1', port, { baudRate: 9600 }, instantClock),
      ).rejects.toMatchObject({ code: 'transport/not-rfc2217' });
    } finally {
      silent.close();
    }
  });

  it('takes a Telnet stream apart however it is cut, and drops what never ends', () => {
    const [data1, negotiation] = ['A\xff\xffB', '\xff\xfd\x2c'];
    const stream = Uint8Array.from(
      `${data1}${negotiation}\xff\xfa\x2c\x65\xff\xff\x01\xff\xf0C`,
      (character) => character.charCodeAt(0),
    );
    const whole = new TelnetParser().feed(stream);
    expect(whole).toEqual([
      { kind: 'data', bytes: Uint8Array.of(65, 255, 66) },
      { kind: 'negotiation', verb: 253, option: 44 },
      { kind: 'subnegotiation', option: 44, payload: Uint8Array.of(101, 255, 1) },
      { kind: 'data', bytes: Uint8Array.of(67) },
    ]);
    const parser = new TelnetParser();
    const bytewise = [...stream].flatMap((byte) => parser.feed(Uint8Array.of(byte)));
    const data = (events: typeof bytewise) =>
      events.flatMap((event) => (event.kind === 'data' ? [...event.bytes] : []));
    expect(data(bytewise)).toEqual(data([...whole]));
    expect(bytewise.filter((event) => event.kind !== 'data')).toEqual(
      whole.filter((event) => event.kind !== 'data'),
    );
    expect([...escapeData(Uint8Array.of(1, 255, 2))]).toEqual([1, 255, 255, 2]);
    const endless = new TelnetParser();
    endless.feed(Uint8Array.of(255, 250, 44));
    expect(endless.feed(new Uint8Array(1_000_000).fill(9))).toEqual([]);
  });
});

/** A reset into the loader and an echo, as esptool does them over a network port. */
const PYSERIAL_CLIENT = `
import sys, time, serial
port = serial.serial_for_url(sys.argv[1], baudrate=115200, timeout=60)
port.dtr = False
port.rts = True
time.sleep(0.1)
port.dtr = True
port.rts = False
time.sleep(0.05)
port.dtr = False
port.baudrate = 230400
port.write(bytes(range(256)))
echoed = port.read(256)
port.rts = True
port.rts = False
port.close()
sys.exit(0 if echoed == bytes(range(256)) else 1)
`;

describeWithPeers(['peer-python'], 'our RFC 2217 server with pyserial', ([python = '']) => {
  it('echoes, takes rates, and makes one clean reset into the loader of separate steps', async () => {
    await using shared = await shareEcho();
    await promisify(execFile)(python, ['-c', PYSERIAL_CLIENT, `${shared.target}?timeout=60`]);
    expect(shared.baudRates).toContain(230_400);
    const lines = shared.signals.map(({ dtr, rts }) => `${dtr ? 'D' : '-'}${rts ? 'R' : '-'}`);
    const text = lines.join(' ');
    // Held in reset, then straight to "IO0 low": the board never runs in between.
    expect(text).toContain('-R D- --');
    expect(text.slice(text.indexOf('-R D-')).split(' ').slice(0, 3)).toEqual(['-R', 'D-', '--']);
    // The plain reset at the end goes through as it is.
    expect(lines.slice(-2)).toEqual(['-R', '--']);
  });
});

describeWithPeers(
  ['ser2net', 'socat'],
  'our RFC 2217 client with ser2net',
  ([ser2net = '', socat = '']) => {
    it('echoes every byte through a real serial server', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'otakit-'));
      const tty = join(folder, 'tty');
      const pty = spawn(socat, ['-d', '-d', `pty,raw,echo=0,link=${tty}`, 'exec:cat'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const processes = [pty];
      try {
        for await (const chunk of pty.stderr) if (String(chunk).includes('transfer loop')) break;
        pty.stderr.resume();
        const port = await freePort();
        const config = join(folder, 'ser2net.yaml');
        await writeFile(
          config,
          [
            'connection: &echo',
            `  accepter: telnet(rfc2217),tcp,127.0.0.1,${port}`,
            `  connector: serialdev,${tty},115200n81,local`,
            '',
          ].join('\n'),
        );
        const server = spawn(ser2net, ['-n', '-d', '-c', config], { stdio: 'ignore' });
        processes.push(server as typeof pty);
        await using link = await openWhenListening(`rfc2217://127.0.0.1:${port}`, server);
        await link.setBaudRate(9600);
        // No lines here: ser2net does not confirm them on a pty, which has none.
        const all = Uint8Array.from({ length: 256 }, (_, value) => value);
        await link.write(all);
        expect(await readExactly(link, 256)).toEqual([...all]);
      } finally {
        for (const process of processes) {
          process.kill('SIGKILL');
          if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
        }
        await rm(folder, { recursive: true });
      }
    });
  },
);

/** ser2net does not say when it listens. */
async function openWhenListening(target: string, server: ChildProcess): Promise<Link> {
  for (;;) {
    try {
      return await openLink(target, { baudRate: 115_200 });
    } catch (error) {
      if (server.exitCode !== null) throw error;
      await systemClock.sleep(20);
    }
  }
}
