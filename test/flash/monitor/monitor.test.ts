import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCodeMap, parseElf } from '../../../src/app-image/index.ts';
import {
  describeNote,
  type ElfUnderTest,
  Monitor,
  type MonitorEvent,
  type MonitorOptions,
} from '../../../src/flash/index.ts';
import { sha256, systemClock, toHex } from '../../../src/shared/index.ts';
import {
  firmware,
  listenRfc2217,
  simLinks,
  VirtualChip,
  type VirtualChipName,
} from '../../../src/simulator/index.ts';
import { type OpenLink, openLink } from '../../../src/transport/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { REPOSITORY } from '../../support/source-files.ts';

const sample = (name: string) =>
  new Uint8Array(readFileSync(join(REPOSITORY, 'firmware-samples/images', name)));

async function readElf(name: string): Promise<ElfUnderTest> {
  const bytes = sample(name);
  return { codeMap: createCodeMap(parseElf(bytes)), sha256: toHex(await sha256(bytes)) };
}

/** Only the steps of a reset pass by themselves. */
const manualClock = () => new ManualClock((durationMs) => durationMs === 100);

function virtualBoard(name: VirtualChipName, clock: ManualClock, image?: string): VirtualChip {
  const chip = new VirtualChip({ chip: name, clock, boot: firmware(clock) });
  if (image !== undefined) chip.flash.load(0, sample(image));
  return chip;
}

type StartOptions = Pick<MonitorOptions, 'open' | 'clock'> & Partial<MonitorOptions>;

const OVER = new Error('the test is over');

/** A monitor that runs until the test is over, with what it said so far. */
function start(options: StartOptions) {
  const interrupt = new AbortController();
  const texts: string[] = [];
  const events: MonitorEvent[] = [];
  const watchers = new Set<() => void>();
  const monitor = new Monitor({
    target: 'sim://board',
    baudRate: 115_200,
    signal: interrupt.signal,
    listPorts: async () => [],
    onEvent: (event) => {
      events.push(event);
      texts.push(event.kind === 'note' ? `--- ${describeNote(event.note)}` : event.text);
      for (const look of watchers) look();
    },
    ...options,
  });
  const ended = monitor.run();
  ended.catch(() => {});
  onTestFinished(async () => {
    interrupt.abort(OVER);
    await expect(ended).rejects.toBe(OVER);
  });
  const until = (text: string, times = 1) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (texts.filter((line) => line.includes(text)).length < times) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });
  return { monitor, texts, events, until, interrupt, ended };
}

describe('a monitor of a board on sim://', () => {
  it.each(['esp32', 'esp32c3'] as const)(
    'resets an %s and loses no line of its boot',
    async (name) => {
      const clock = manualClock();
      const chip = virtualBoard(name, clock, `hello-${name}-1.0.0-merged.bin`);
      const { texts, until } = start({ open: simLinks(() => chip), clock, reset: true });
      await until('otakit-hello 1.0.0');
      expect(texts[0]).toMatch(name === 'esp32' ? /^ets Jul 29 2019/ : /^ESP-ROM:esp32c3/);
      expect(texts).toContain('--- The chip was reset: power came on, or EN was pulled low.');
      expect(texts.join('\n')).toContain('boot: Loaded app from partition at offset 0x10000');
    },
  );

  it('explains why a board with a blank flash resets again and again, once', async () => {
    const clock = manualClock();
    const chip = virtualBoard('esp32', clock);
    const { texts, until } = start({ open: simLinks(() => chip), clock, reset: true });
    for (let round = 2; round <= 6; round += 1) {
      await clock.sleeperFor(300);
      await clock.advance(300);
      await until('rst:0x', round);
    }
    const said = texts.filter((text) => text.includes('again and again'));
    expect(said).toEqual([
      expect.stringMatching(/\(3 times in \d+ ms\): there is no bootloader: the flash is empty/),
    ]);
  });

  it('explains a damaged partition table', async () => {
    const clock = manualClock();
    const chip = virtualBoard('esp32', clock, 'hello-esp32-1.0.0-merged.bin');
    chip.flash.load(0x8004, Uint8Array.of(0x42));
    const { texts, until } = start({ open: simLinks(() => chip), clock, reset: true });
    for (let round = 2; round <= 3; round += 1) {
      await clock.sleeperFor(300);
      await clock.advance(300);
      await until('rst:0x', round);
    }
    await until('again and again');
    expect(texts.find((text) => text.includes('again and again'))).toContain(
      'the partition table in the flash is missing or damaged',
    );
  });

  it('resets into the loader and back on request', async () => {
    const clock = manualClock();
    const chip = virtualBoard('esp32c3', clock, 'hello-esp32c3-1.0.0-merged.bin');
    const { monitor, until } = start({ open: simLinks(() => chip), clock, reset: true });
    await until('otakit-hello');
    // The virtual board samples IO0 after 50 ms; that step is not one that passes by itself.
    const entering = monitor.enterLoader();
    await clock.sleeperFor(50);
    await clock.advance(50);
    await entering;
    await until('waits in its loader');
    expect(chip.inLoader).toBe(true);
    await monitor.reset();
    await until('otakit-hello', 2);
    expect(chip.inLoader).toBe(false);
  });

  it('takes over a link that is open already, such as that of a flasher', async () => {
    const clock = manualClock();
    const chip = virtualBoard('esp32', clock, 'hello-esp32-1.0.0-merged.bin');
    const open = simLinks(() => chip);
    const link = await open('sim://board', { baudRate: 921_600 });
    chip.reset('loader');
    const refuse: OpenLink = () => Promise.reject(new Error('it is open already'));
    const { texts, until } = start({
      open: refuse,
      clock,
      link,
      reset: async () => {
        // As where there are no modem lines.
        chip.reset('app', 'rtc-watchdog');
        return new Uint8Array(0);
      },
    });
    await until('otakit-hello 1.0.0');
    expect(texts).toContain('ets Jul 29 2019 12:21:46');
    expect(texts).toContain('--- The chip was reset: otakit started it anew.');
    // The next time it is nobody's wish.
    chip.reset('app', 'rtc-watchdog');
    await until('RTC watchdog ran out');
  });

  it('decodes a crash of the sample by its ELF', async () => {
    const clock = manualClock();
    const elf = await readElf('hello-esp32-1.0.0.elf');
    const run = parseElf(sample('hello-esp32-1.0.0.elf')).symbols.find(
      ({ name }) => name === 'run',
    );
    const address = `0x${(run?.address ?? 0).toString(16)}`;
    const chip = new VirtualChip({
      chip: 'esp32',
      clock,
      boot: async ({ print }) =>
        print(
          `Backtrace: ${address}:0x3ffb0010 0x40000000:0x3ffb0030\nMEPC    : ${address}\nend\n`,
        ),
    });
    const { events, until } = start({ open: simLinks(() => chip), clock, elf, reset: true });
    await until('end');
    const decoded = events.flatMap((event) => (event.kind === 'line' ? event.addresses : []));
    expect(decoded).toMatchObject([
      { address: run?.address, role: 'backtrace', function: 'run', file: './src/hello.c' },
      { address: run?.address, role: 'MEPC', function: 'run' },
    ]);
  });

  it('finds probable callers in the stack dump of a RISC-V panic', async () => {
    const clock = manualClock();
    const name = 'hello-esp32c3-1.0.0.elf';
    const program = parseElf(sample(name));
    const run = program.symbols.find((symbol) => symbol.name === 'run');
    const runAddress = run?.address ?? 0;
    const map = createCodeMap(program);
    const caller = Array.from({ length: run?.sizeBytes ?? 0 }, (_, at) => runAddress + at).find(
      (address) => map.followsCall(address),
    );
    const word = (value: number) => `0x${value.toString(16).padStart(8, '0')}`;
    const chip = new VirtualChip({
      chip: 'esp32c3',
      clock,
      boot: async ({ print }) =>
        print(
          `Stack memory:\n3fc92310: ${word(runAddress)} ${word(caller ?? 0)} ${word(0x3fc90000)}\nend\n`,
        ),
    });
    const { events, until } = start({
      open: simLinks(() => chip),
      clock,
      elf: await readElf(name),
      reset: true,
    });
    await until('end');
    expect(events.flatMap((event) => (event.kind === 'line' ? event.addresses : []))).toMatchObject(
      [{ address: caller, role: 'stack', function: 'run' }],
    );
  });

  it('says when what comes is no text', async () => {
    const clock = manualClock();
    const chip = virtualBoard('esp32', clock, 'hello-esp32-1.0.0-merged.bin');
    const { texts, until } = start({
      open: simLinks(() => chip),
      clock,
      baudRate: 74_880,
      reset: true,
    });
    await until('What comes is no text');
    expect(texts.filter((text) => text.includes('What comes is no text'))).toHaveLength(1);
  });

  it('says when the board runs another build than the ELF', async () => {
    const clock = manualClock();
    const chip = virtualBoard('esp32', clock, 'hello-esp32-1.0.0-merged.bin');
    const right = start({
      open: simLinks(() => chip),
      clock,
      elf: await readElf('hello-esp32-1.0.0.elf'),
      reset: true,
    });
    await right.until('otakit-hello 1.0.0');
    expect(right.texts.join('\n')).not.toContain('another build');
    const other = virtualBoard('esp32', clock, 'hello-esp32-1.0.0-merged.bin');
    const wrong = start({
      open: simLinks(() => other),
      clock,
      elf: await readElf('hello-esp32-1.1.0.elf'),
      reset: true,
    });
    await wrong.until('The board runs another build than the .elf');
    expect(wrong.texts.filter((text) => text.includes('another build'))).toHaveLength(1);
  });

  it('shows a prompt when nothing follows it', async () => {
    const clock = manualClock();
    const chip = new VirtualChip({
      chip: 'esp32',
      clock,
      boot: async ({ print }) => print('ready\nesp> '),
    });
    const { events, until } = start({ open: simLinks(() => chip), clock, reset: true });
    await until('esp> ');
    expect(events.map(({ kind }) => kind)).toEqual(['line', 'partial']);
  });

  it('leaves the port free when it is interrupted', async () => {
    const clock = manualClock();
    const chip = virtualBoard('esp32', clock);
    const isOpen = { now: false };
    const open: OpenLink = async (target, options) => {
      const link = await simLinks(() => chip)(target, options);
      isOpen.now = true;
      return {
        ...link,
        [Symbol.asyncDispose]: async () => {
          isOpen.now = false;
          await link[Symbol.asyncDispose]();
        },
      };
    };
    const { until, interrupt, ended } = start({ open, clock, reset: true });
    await until('rst:0x1');
    expect(isOpen.now).toBe(true);
    interrupt.abort(OVER);
    await expect(ended).rejects.toBe(OVER);
    expect(isOpen.now).toBe(false);
  });
});

describe('a monitor over RFC 2217', () => {
  it('resets the board through the server and sees it boot', async () => {
    const chip = new VirtualChip({
      chip: 'esp32c3',
      clock: systemClock,
      boot: firmware(systemClock),
    });
    chip.flash.load(0, sample('hello-esp32c3-1.0.0-merged.bin'));
    const listener = await listenRfc2217(chip, '127.0.0.1', 0, systemClock);
    onTestFinished(() => listener[Symbol.asyncDispose]());
    const { texts, until } = start({
      open: openLink,
      target: listener.target,
      clock: systemClock,
      reset: true,
    });
    await until('otakit-hello 1.0.0 on ESP32-C3');
    expect(texts.some((text) => text.includes('rst:0x1 (POWERON)'))).toBe(true);
  });
});

describe('a monitor of a port that goes away', () => {
  /** A board on TCP that can be unplugged. */
  async function tcpBoard(): Promise<{ target: string; sockets: Socket[]; server: Server }> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.write(`boot ${sockets.length}\n`);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return {
      target: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
      sockets,
      server,
    };
  }

  it('waits for it, and goes on', async () => {
    const { target, sockets } = await tcpBoard();
    const { monitor, texts, until } = start({ open: openLink, target, clock: systemClock });
    await until('boot 1');
    sockets[0]?.destroy();
    await until('boot 2');
    expect(texts).toEqual([
      'boot 1',
      `--- ${target} went away; waiting for it to come back.`,
      `--- ${target} is back.`,
      'boot 2',
    ]);
    const echoed = new Promise<string>((resolve) => {
      sockets[1]?.once('data', (bytes) => resolve(String(bytes)));
    });
    await monitor.send(new TextEncoder().encode('help\r'));
    expect(await echoed).toBe('help\r');
  });

  it('finds it under its new name by its serial number', async () => {
    const before = await tcpBoard();
    const after = await tcpBoard();
    const usb = { vendorId: 0x303a, productId: 0x1001, serialNumber: '7C:DF:A1:00:00:01' };
    const paths = new Map([
      ['/dev/ttyACM0', before.target],
      ['/dev/ttyACM1', after.target],
    ]);
    const open: OpenLink = async (target, options) => ({
      ...(await openLink(paths.get(target) ?? target, options)),
      target,
      usb,
    });
    const { texts, until } = start({
      open,
      target: '/dev/ttyACM0',
      clock: systemClock,
      listPorts: async () => [{ path: '/dev/ttyACM1', usb: { ...usb, productId: 0x4001 } }],
    });
    await until('boot 1');
    before.sockets[0]?.destroy();
    await until('/dev/ttyACM1 is back');
    await until('boot 1', 2);
    expect(texts).toContain('--- /dev/ttyACM0 went away; waiting for it to come back.');
  });

  it('says that it cannot reset what has no modem lines', async () => {
    const { target } = await tcpBoard();
    const { until, texts } = start({ open: openLink, target, clock: systemClock, reset: true });
    await until('has no modem lines');
    expect(texts).toContain(
      `--- ${target} has no modem lines to reset the board with: press its reset button (EN).`,
    );
  });
});
