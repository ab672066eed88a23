import { describe, expect, it } from 'vitest';
import { onlyBoardPort, writeParts } from '../../src/flash/index.ts';
import type { Clock } from '../../src/shared/index.ts';
import { firmware as boot } from '../../src/simulator/index.ts';
import type { PortInfo, Signals } from '../../src/transport/index.ts';
import { board, connectTo, firmware, quickClock } from './board.ts';
import { commandIn, faulty } from './link-faults.ts';

const OP_MD5 = 0x13;
const JTAG = { vendorId: 0x303a, productId: 0x1001, serialNumber: null };

/** Gives up at once where a real host waits for seconds. */
const impatient: Clock = {
  now: () => quickClock.now(),
  monotonicMs: () => quickClock.monotonicMs(),
  sleep: (durationMs, signal) => quickClock.sleep(Math.min(durationMs, 30), signal),
};

/** Gives up on an answer soon, but not before one that takes work has come. */
const hasty: Clock = {
  now: () => quickClock.now(),
  monotonicMs: () => quickClock.monotonicMs(),
  sleep: (durationMs, signal) => quickClock.sleep(durationMs < 1000 ? durationMs : 400, signal),
};

const part = (data: Uint8Array, flashOffset = 0x1_0000) => ({ name: 'app', flashOffset, data });

describe('connecting', () => {
  it('says that nothing answers', async () => {
    const dead = connectTo(board(), { clock: impatient }, (link) =>
      faulty(link, { write: () => null }),
    );
    await expect(dead).rejects.toMatchObject({ code: 'flash/no-answer' });
  });

  it('tells a board that starts its application from one that says nothing', async () => {
    const withoutBootLine = connectTo(
      board({ boot: boot(quickClock) }),
      { clock: impatient },
      (link) => faulty(link, { setSignals: ({ rts }) => link.setSignals({ dtr: false, rts }) }),
    );
    await expect(withoutBootLine).rejects.toMatchObject({
      code: 'flash/wrong-boot-mode',
      hint: expect.stringContaining('BOOT') as string,
    });
  });

  it('refuses a chip that it does not know', async () => {
    const unknown = connectTo(board(), {}, (link) =>
      faulty(link, {
        // The chip id in the answer to GET_SECURITY_INFO.
        read: (bytes) => bytes.map((byte, at) => (bytes[2] === 0x14 && at === 21 ? 20 : byte)),
      }),
    );
    await expect(unknown).rejects.toMatchObject({
      code: 'flash/unsupported-chip',
      message: 'the port leads to an ESP32-C61',
    });
  });

  it('refuses a chip without flash', async () => {
    const bare = connectTo(board({ faults: { flashId: 0xff_ffff } }));
    await expect(bare).rejects.toMatchObject({ code: 'flash/no-flash-chip' });
  });

  it('notices that the stub does not start', async () => {
    const stuck = connectTo(board(), {}, (link) =>
      faulty(link, {
        read: (bytes) => bytes.map((byte, at) => (bytes[2] === 0x48 && at === 2 ? 0x58 : byte)),
      }),
    );
    await expect(stuck).rejects.toMatchObject({ code: 'flash/stub-failed' });
  });

  it('finds the rate that the line can do', async () => {
    const chip = board();
    await using device = await connectTo(chip, { clock: impatient, baudRate: 2_000_000 }, (link) =>
      faulty(link, {
        write: (bytes, rate) => (rate > 500_000 ? bytes.map((byte) => byte ^ 0x5a) : bytes),
      }),
    );
    expect(device.baudRate).toBe(460_800);
    expect(device.loader).toBe('stub');
    const data = firmware(4);
    await writeParts(device, [part(data)]);
    expect(chip.flash.read(0x1_0000, data.length)).toEqual(data);
  });

  it('names the only board, and asks where there are none or several', async () => {
    const port = (path: string): PortInfo => ({
      path,
      usb: JTAG,
      description: null,
      adapter: null,
      access: { kind: 'ok' },
    });
    const builtIn = { ...port('/dev/ttyS0'), usb: null };
    expect(await onlyBoardPort(async () => [port('/dev/ttyACM0'), builtIn])).toBe('/dev/ttyACM0');
    await expect(onlyBoardPort(async () => [builtIn])).rejects.toMatchObject({
      code: 'flash/no-board',
    });
    await expect(onlyBoardPort(async () => [port('A'), port('B')])).rejects.toThrow('A, B');
  });
});

describe('what esptool-js gets wrong', () => {
  it('asserts and releases RTS for the hard reset of a UART bridge', async () => {
    const signals: Signals[] = [];
    await using device = await connectTo(board(), {}, (link) =>
      faulty(link, {
        setSignals: (lines) => {
          signals.push(lines);
          return link.setSignals(lines);
        },
      }),
    );
    signals.length = 0;
    await device.reset();
    expect(signals).toEqual([
      { dtr: false, rts: true },
      { dtr: false, rts: false },
    ]);
  });

  it.each([
    ['esp32s3', 0x6000_80b4, 2 ** 31],
    ['esp32c3', 0x6000_80ac, 2 ** 31],
    ['esp32c6', 0x600b_1c1c, 2 ** 18],
    ['esp32h2', 0x600b_1c20, 2 ** 18],
    ['esp32p4', 0x5011_601c, 2 ** 18],
  ] as const)('stops the watchdogs of an %s in USB-Serial-JTAG mode', async (name, sup, fed) => {
    const chip = board({ chip: name });
    await using jtag = await connectTo(chip, {}, (link) =>
      faulty(link, {
        usb: JTAG,
        // The controller takes RTS after DTR as the wish for the loader.
        setSignals: async ({ dtr, rts }) => {
          if (rts && !dtr) chip.reset('loader');
        },
      }),
    );
    expect(await jtag.register(sup)).toBe(fed);
    await using bridge = await connectTo(chip);
    expect(await bridge.register(sup)).toBe(0);
  });

  it('checks the MD5 that the chip sends after what was read', async () => {
    const chip = board();
    // Nothing that is escaped on the line: a flipped byte after an escape breaks the frame instead.
    chip.flash.load(
      0x1_0000,
      firmware(2).map((byte) => byte & 0x3f),
    );
    let bad = 1;
    await using device = await connectTo(chip, {}, (link) =>
      faulty(link, {
        read: (bytes) => {
          if (bytes.length < 4000 || bad === 0) return bytes;
          bad -= 1;
          return bytes.map((byte, at) => (at === 2000 ? (byte ^ 1) & 0x7f : byte));
        },
      }),
    );
    expect(await device.read(0x1_0000, 0x2000)).toEqual(chip.flash.read(0x1_0000, 0x2000));
    expect(bad).toBe(0);
    bad = 1000;
    await expect(device.read(0x1_0000, 0x2000)).rejects.toMatchObject({
      code: 'flash/read-corrupt',
    });
  });
});

describe('working', () => {
  it('gives up on a command that is never answered', async () => {
    await using device = await connectTo(board(), { clock: impatient }, (link) =>
      faulty(link, { write: (bytes) => (commandIn(bytes) === OP_MD5 ? null : bytes) }),
    );
    await expect(device.md5(0, 0x1000)).rejects.toMatchObject({
      code: 'flash/timeout',
      message: expect.stringContaining('flash md5') as string,
    });
  });

  it('repeats what the chip answers with an error', async () => {
    await using device = await connectTo(board(), {}, (link) =>
      faulty(link, {
        // A command that nobody knows.
        write: (bytes) =>
          commandIn(bytes) === OP_MD5 ? bytes.map((byte, at) => (at === 2 ? 0xee : byte)) : bytes,
        // Its answer, as if to the command that was meant.
        read: (bytes) => bytes.map((byte, at) => (at === 2 && byte === 0xee ? OP_MD5 : byte)),
      }),
    );
    await expect(device.md5(0, 0x1000)).rejects.toMatchObject({
      code: 'flash/command-refused',
      details: { fault: 0xc3 },
    });
  });

  it('keeps to the flash and to its sectors', async () => {
    await using device = await connectTo(board());
    const outside = { code: 'flash/outside-flash' };
    await expect(device.read(0x3f_f000, 0x1001)).rejects.toMatchObject(outside);
    await expect(device.erase(0x1001, 0x1000)).rejects.toMatchObject(outside);
    await expect(device.md5(-1, 1)).rejects.toMatchObject(outside);
    expect(await device.read(0x3f_f000, 0)).toEqual(new Uint8Array(0));
  });

  it('says what the ROM cannot do', async () => {
    await using device = await connectTo(board(), { stub: false });
    await expect(device.eraseAll()).rejects.toMatchObject({ code: 'flash/needs-stub' });
    await expect(device.erase(0, 0x1000)).rejects.toMatchObject({ code: 'flash/needs-stub' });
  });

  it('names the sector that does not hold', async () => {
    await using device = await connectTo(board({ faults: { badSectors: [0x12] } }));
    await expect(writeParts(device, [part(firmware(4))])).rejects.toMatchObject({
      code: 'flash/verify-failed',
      details: { part: 'app', sectors: [0x1_2000] },
    });
  });

  it('writes a sector once more that did not hold', async () => {
    const chip = board();
    let spoiled = false;
    await using device = await connectTo(chip, {}, (link) =>
      faulty(link, {
        write: (bytes) => {
          if (commandIn(bytes) === OP_MD5 && !spoiled && chip.flash.read(0x1_3000, 1)[0] !== 0xff) {
            spoiled = true;
            chip.flash.load(0x1_2000, new Uint8Array(16));
          }
          return bytes;
        },
      }),
    );
    const data = firmware(4);
    const [report] = await writeParts(device, [part(data)]);
    expect(report?.retriedSectors).toEqual([0x1_2000]);
    expect(chip.flash.read(0x1_0000, data.length)).toEqual(data);
  });

  it.each([
    ['dropped', 'dropToChip'],
    ['flipped', 'flipToChip'],
    ['dropped on the way back', 'dropToHost'],
    ['flipped on the way back', 'flipToHost'],
  ] as const)('gets over bytes that are %s', async (_, fault) => {
    const places = [9000, 16_000, 30_001];
    const chip = board({ faults: { [fault]: fault.endsWith('Host') ? [600, 700, 9000] : places } });
    await using device = await connectTo(chip, { clock: hasty });
    const data = firmware(16);
    await writeParts(device, [part(data)], { full: true });
    expect(chip.flash.read(0x1_0000, data.length)).toEqual(data);
    expect(await device.read(0x1_0000, data.length)).toEqual(data);
  });
});

describe('what is sent', () => {
  it('is only what differs, with blank ranges erased', async () => {
    const chip = board();
    await using device = await connectTo(chip);
    const data = firmware(64);
    data.fill(0xff, 0x8000, 0x1_8000);
    const [first] = await writeParts(device, [part(data)]);
    expect(first).toMatchObject({ writtenBytes: 48 * 0x1000, erasedBytes: 0, verified: true });
    const [again] = await writeParts(device, [part(data)]);
    expect(again).toMatchObject({ writtenBytes: 0, sentBytes: 0, verified: true });

    chip.flash.load(0xa000 + 0x1_0000, Uint8Array.of(1, 2, 3));
    const changed = data.slice();
    changed.fill(0x55, 0x2_5010, 0x2_5020);
    const [small] = await writeParts(device, [part(changed)]);
    expect(small).toMatchObject({ writtenBytes: 0x1000, erasedBytes: 0x1000 });
    expect(chip.flash.read(0x1_0000, data.length)).toEqual(changed);
  });

  it('is sent at once where the board holds something else, without hashing all of it', async () => {
    const chip = board();
    const data = firmware(64);
    chip.flash.load(
      0x1_0000,
      data.map((byte) => byte ^ 1),
    );
    let hashedBytes = 0;
    await using device = await connectTo(chip, {}, (link) =>
      faulty(link, {
        write: (bytes) => {
          if (commandIn(bytes) === 0x13) hashedBytes += md5SizeIn(bytes);
          return bytes;
        },
      }),
    );
    data.fill(0xff, 0x8000, 0x1_8000);
    data.fill(0xff, 0x3_0000, 0x3_1000);
    chip.flash.erase(0x4_0000, 0x1000);
    const [report] = await writeParts(device, [part(data)], { verify: false });
    expect(report).toMatchObject({ writtenBytes: 47 * 0x1000, erasedBytes: 16 * 0x1000 });
    // Eight samples, and what is to be blank.
    expect(hashedBytes).toBe((8 + 17) * 0x1000);
    expect(chip.flash.read(0x1_0000, data.length)).toEqual(data);
  });

  it('is everything when asked for', async () => {
    const chip = board();
    await using device = await connectTo(chip);
    const data = firmware(4);
    await writeParts(device, [part(data)]);
    const [full] = await writeParts(device, [part(data)], { full: true, verify: false });
    expect(full).toMatchObject({ writtenBytes: data.length, verified: false });
  });
});

/** How much of the flash a request asks the MD5 of. */
function md5SizeIn(frame: Uint8Array): number {
  const plain: number[] = [];
  for (let at = 1; at < frame.length - 1; at += 1) {
    if (frame[at] !== 0xdb) plain.push(frame[at] ?? 0);
    else plain.push(frame[(at += 1)] === 0xdc ? 0xc0 : 0xdb);
  }
  return new DataView(Uint8Array.from(plain).buffer).getUint32(12, true);
}
