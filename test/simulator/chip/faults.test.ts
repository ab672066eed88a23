import { describe, expect, it } from 'vitest';
import {
  type ChipFaults,
  firmware,
  linkToChip,
  VirtualChip,
} from '../../../src/simulator/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A SYNC packet, as every host begins. */
const SYNC_HEAD = [0xc0, 0, 8, 36, 0, 0, 0, 0, 0, 0x07, 0x07, 0x12, 0x20];
const SYNC = Uint8Array.from([...SYNC_HEAD, ...new Uint8Array(32).fill(0x55), 0xc0]);

/** A chip in its loader, on a cable, with what it sent. */
function inLoader(faults: ChipFaults) {
  const clock = new ManualClock();
  const chip = new VirtualChip({ chip: 'esp32', clock, faults, boot: firmware(clock) });
  const link = linkToChip('sim://esp32', chip, 115_200);
  chip.reset('loader');
  link.discardInput();
  const answers = async () => {
    await chip.settled();
    const bytes: number[] = [];
    for (;;) {
      const chunk = await link.read(AbortSignal.timeout(1)).catch(() => null);
      if (chunk === null) return bytes;
      bytes.push(...chunk);
    }
  };
  return { chip, link, answers };
}

describe('a virtual chip with a fault', () => {
  it('answers SYNC eight times without one', async () => {
    const { link, answers } = inLoader({});
    await link.write(SYNC);
    const ends = (await answers()).filter((byte) => byte === 0xc0);
    expect(ends).toHaveLength(16);
  });

  it.each([{ dropToChip: [3] }, { flipToChip: [3] }])(
    'misses a packet damaged by %j',
    async (faults) => {
      const { link, answers } = inLoader(faults);
      await link.write(SYNC);
      expect(await answers()).toEqual([]);
      await link.write(SYNC);
      expect((await answers()).length).toBeGreaterThan(0);
    },
  );

  it('hears a SYNC over a pipe however it is cut, from its first byte on', async () => {
    for (let cut = 1; cut < SYNC.length; cut += 1) {
      const { chip, answers } = inLoader({});
      chip.reset('app');
      await answers();
      await chip.receive(SYNC.subarray(0, cut), null);
      await chip.receive(SYNC.subarray(cut), null);
      const bytes = await answers();
      expect(`${cut} ${chip.inLoader}`).toBe(`${cut} true`);
      expect(bytes.filter((byte) => byte === 0xc0)).toHaveLength(16);
    }
  });

  it('is gone when its cable is pulled, and back when it is plugged in again', async () => {
    const { chip, link } = inLoader({ unplugAfterBytes: 10 });
    await expect(link.write(SYNC)).rejects.toMatchObject({ code: 'transport/port-lost' });
    await expect(link.read()).rejects.toMatchObject({ code: 'transport/port-lost' });
    expect(chip.isUnplugged).toBe(true);
    expect(chip.inLoader).toBe(true);
    chip.replug();
    expect(chip.isUnplugged).toBe(false);
    expect(chip.inLoader).toBe(false);
  });

  it('loses its port once for each fault, in both directions, and an old link stays lost', async () => {
    const faults = { unplugAfterBytes: 10, renameAfterBytesToHost: 3000 };
    const { chip, link } = inLoader(faults);
    const kinds: string[] = [];
    const stop = chip.onCut((kind) => void kinds.push(kind));
    await expect(link.write(SYNC)).rejects.toMatchObject({ code: 'transport/port-lost' });
    chip.replug();
    await expect(link.write(SYNC)).rejects.toMatchObject({ code: 'transport/port-lost' });
    const second = linkToChip('sim://esp32', chip, 115_200);
    for (let count = 0; count < 20; count += 1) chip.reset();
    await expect(
      (async () => {
        for (;;) await second.read();
      })(),
    ).rejects.toMatchObject({ code: 'transport/port-lost' });
    await expect(second.setSignals({ dtr: false, rts: true })).rejects.toMatchObject({
      code: 'transport/port-lost',
    });
    expect(kinds).toEqual(['unplugged', 'renamed']);
    stop();
    chip.replug();
    chip.reset('loader');
    const third = linkToChip('sim://esp32', chip, 115_200);
    third.discardInput();
    await third.write(SYNC);
    expect((await third.read())?.length).toBeGreaterThan(0);
  });

  it('resets in the middle when its supply gives way', async () => {
    const { chip, link, answers } = inLoader({ brownOutAfterBytes: SYNC.length });
    await link.write(SYNC);
    const text = String.fromCharCode(...(await answers()));
    expect(text).toContain('Brownout detector was triggered');
    expect(text).toContain('RTCWDT_BROWN_OUT_RESET');
    expect(chip.inLoader).toBe(false);
  });
});
