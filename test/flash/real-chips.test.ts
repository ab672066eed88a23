import { describe, expect, it } from 'vitest';
import { openDevice, writeParts } from '../../src/flash/index.ts';
import { linkToChip, type VirtualChipOptions } from '../../src/simulator/index.ts';
import type { Signals } from '../../src/transport/index.ts';
import { board, connectTo, firmware, quickClock } from './board.ts';
import { commandIn, faulty } from './link-faults.ts';

const MB = 1024 * 1024;
const WRITE_REGISTER = 0x09;
const DEFLATE_DATA = 0x11;

/** Writes a little, and sees that it is there. */
async function writeTo(options: Partial<VirtualChipOptions>, stub = true) {
  const virtual = board(options);
  await using device = await connectTo(virtual, { stub });
  const data = firmware(3);
  await writeParts(device, [{ name: 'app', flashOffset: 0x1_0000, data }]);
  expect(virtual.flash.read(0x1_0000, data.length)).toEqual(data);
  return { loader: device.loader };
}

describe('flash that is not where it usually is', () => {
  // As in an ESP32-PICO-D4.
  const spiPads = 6 | (17 << 6) | (8 << 12) | (16 << 18) | (11 << 24);

  it.each([true, false])('is found inside of the package of an ESP32 (stub: %s)', async (stub) => {
    const written = await writeTo({ chip: 'esp32', identity: { spiPads } }, stub);
    expect(written.loader).toBe(stub ? 'stub' : 'rom');
  });

  it.each([301, 302])('is switched on where an ESP32-P4 v%i leaves it off', async (revision) => {
    const identity = { revision: { major: 3, minor: revision % 100 } };
    await expect(writeTo({ chip: 'esp32p4', identity })).resolves.toEqual({ loader: 'stub' });
  });

  it('is reset, whatever mode an application left it in', async () => {
    const sent: number[] = [];
    const write = (bytes: Uint8Array) => {
      if (commandIn(bytes) !== WRITE_REGISTER) return bytes;
      for (const code of [0x66, 0x99]) {
        if (Buffer.from(bytes).includes(Buffer.of(code, 0, 0, 0x70))) sent.push(code);
      }
      return bytes;
    };
    await using device = await connectTo(board(), {}, (link) => faulty(link, { write }));
    expect(sent).toEqual([0x66, 0x99]);
    expect(await device.md5(0, 16)).toHaveLength(16);
  });

  it('is not touched where the chip cannot address it', async () => {
    await using small = await connectTo(board({ chip: 'esp32', flashSizeBytes: 32 * MB }));
    await expect(small.read(16 * MB - 16, 32)).rejects.toMatchObject({
      code: 'flash/outside-flash',
      details: { reach: 16 * MB },
    });
    await expect(small.read(16 * MB - 16, 16)).resolves.toHaveLength(16);
    await using large = await connectTo(board({ chip: 'esp32s3', flashSizeBytes: 32 * MB }));
    await expect(large.read(32 * MB - 16, 16)).resolves.toHaveLength(16);
    await using rom = await connectTo(board({ chip: 'esp32s3', flashSizeBytes: 32 * MB }), {
      stub: false,
    });
    await expect(rom.read(16 * MB, 16)).rejects.toMatchObject({ code: 'flash/outside-flash' });
  });
});

describe('the stub', () => {
  it('starts on an ESP32-S3 with secure boot, whose ROM keeps others out', async () => {
    const virtual = board({ chip: 'esp32s3', identity: { secureBoot: true } });
    await using device = await connectTo(virtual);
    expect(device.loader).toBe('stub');
    // The pointer that it came in by is as it was.
    expect(await device.register(0x3fce_f688)).toBe(0);
  });

  it.each([
    ['esp32c3', { secureBoot: true }, 'secure boot keeps it from running the stub'],
    ['esp32c2', { revision: { major: 0, minor: 0 } }, 'no stub for its revision'],
  ] as const)('is left out where an %s does not run it', async (chip, identity, why) => {
    await expect(writeTo({ chip, identity })).resolves.toEqual({ loader: 'rom' });
    await using device = await connectTo(board({ chip, identity }));
    await expect(device.erase(0, 0x1000)).rejects.toMatchObject({
      code: 'flash/needs-stub',
      message: expect.stringContaining(why) as string,
    });
  });

  it.each([
    ['esp32s2', 2],
    ['esp32s3', 9],
    ['esp32p4', 18],
  ] as const)('gets into an %s through its own USB', async (chip, productId) => {
    const usb = { vendorId: 0x303a, productId, serialNumber: null };
    await expect(writeTo({ chip, usb })).resolves.toEqual({ loader: 'stub' });
  });
});

it.each(['esp32s2', 'esp32c3'] as const)(
  'an %s in secure download mode is refused, since nothing could be checked',
  async (chip) => {
    const virtual = board({ chip, identity: { secureDownload: true } });
    await expect(connectTo(virtual)).rejects.toMatchObject({ code: 'flash/secure-download' });
  },
);

describe('a ROM that is wrong about its crystal', () => {
  it.each([
    ['esp32', { romCrystalHz: 42_500_000 }],
    ['esp32', { crystalHz: 26_000_000, romCrystalHz: 25_000_000 }],
    ['esp32c2', {}],
    ['esp32c2', { crystalHz: 40_000_000 }],
    ['esp32c5', { romCrystalHz: 40_000_000 }],
    ['esp32c5', { crystalHz: 40_000_000, romCrystalHz: 48_000_000 }],
  ] as const)('is asked for what comes out right: %s %j', async (chip, identity) => {
    const virtual = board({ chip, identity });
    let starts = 0;
    virtual.onPrint((text) => (starts += text.includes('waiting for download') ? 1 : 0));
    const rates: number[] = [];
    await using device = await connectTo(virtual, {}, (link) =>
      faulty(link, {
        write: (bytes, rate) => {
          if (commandIn(bytes) === 0x07) rates.push(rate);
          return bytes;
        },
      }),
    );
    expect(device.baudRate).toBe(921_600);
    // At the first try, and the stub went through at the high rate.
    expect(starts).toBe(1);
    expect(new Set(rates)).toEqual(new Set([921_600]));
  });
});

describe('frames whose ends do not pair any more', () => {
  /** Loses the last byte of one frame, which is its END. */
  const cutsOne = (command: number) => {
    let isCut = false;
    return (bytes: Uint8Array) => {
      if (isCut || commandIn(bytes) !== command) return bytes;
      isCut = true;
      return bytes.subarray(0, -1);
    };
  };

  it('are paired again by one END more, without a reset', async () => {
    const virtual = board();
    let starts = 0;
    virtual.onPrint((text) => (starts += text.includes('waiting for download') ? 1 : 0));
    const write = cutsOne(DEFLATE_DATA);
    await using device = await connectTo(virtual, {}, (link) => faulty(link, { write }));
    const data = firmware(8);
    await writeParts(device, [{ name: 'app', flashOffset: 0x1_0000, data }]);
    expect(virtual.flash.read(0x1_0000, data.length)).toEqual(data);
    expect(starts).toBe(1);
  });

  it('do not keep the next command from a chip without modem lines', async () => {
    const virtual = board();
    virtual.reset('loader');
    const options = { clock: quickClock, baudRate: 115_200 };
    const link = faulty(linkToChip('sim://test', virtual, 115_200), {
      setSignals: async () => {},
    });
    await openDevice(async () => link, 'x', options);
    await link.write(Uint8Array.of(0xc0, 0, 0x0a, 4, 0));
    let starts = 0;
    virtual.onPrint(() => (starts += 1));
    await using device = await openDevice(async () => link, 'x', options);
    expect(device.loader).toBe('stub');
    expect(starts).toBe(0);
  });
});

it('a CP2102C keeps DTR, which it would turn into a reset', async () => {
  const played: Signals[] = [];
  const usb = { vendorId: 0x10c4, productId: 0xea64, serialNumber: null };
  const virtual = board();
  await using device = await connectTo(virtual, {}, (link) =>
    faulty(link, {
      usb,
      setSignals: async (signals) => {
        played.push(signals);
        await link.setSignals(signals);
      },
    }),
  );
  expect(played.at(-1)).toEqual({ dtr: true, rts: false });
  await device.reset();
  expect(played.slice(-2)).toEqual([
    { dtr: true, rts: true },
    { dtr: true, rts: false },
  ]);
  expect(virtual.inLoader).toBe(false);
});
