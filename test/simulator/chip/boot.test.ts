import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { switchOtadata } from '../../../src/flash-data/index.ts';
import { parsePartitionBinary } from '../../../src/partition-table/index.ts';
import { firmware, VirtualChip, type VirtualChipName } from '../../../src/simulator/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { REPOSITORY } from '../../support/source-files.ts';

const TABLE = 0x8000;
const OTADATA = 0xd000;
const OTA_0 = 0x110000;
const OTA_1 = 0x210000;

const sample = (name: string) =>
  readFileSync(join(REPOSITORY, 'firmware-samples/images', `${name}.bin`));

/** A virtual board with what it prints, booted until some text comes. */
function board(chip: VirtualChipName, options: { readonly loadMerged?: boolean } = {}) {
  const clock = new ManualClock();
  const board = new VirtualChip({ chip, clock, boot: firmware(clock) });
  if (options.loadMerged !== false) board.flash.load(0, sample(`hello-${chip}-1.0.0-merged`));
  let text = '';
  let wanted = { text: '\0', found: () => {} };
  board.onOutput((bytes) => {
    text += new TextDecoder().decode(bytes);
    if (text.includes(wanted.text)) wanted.found();
  });
  const until = async (what: string): Promise<string> => {
    if (!text.includes(what)) {
      await new Promise<void>((found) => {
        wanted = { text: what, found };
      });
    }
    return text.replaceAll('\r', '');
  };
  const bootUntil = (what: string) => {
    text = '';
    board.reset();
    return until(what);
  };
  return { chip: board, clock, bootUntil, until };
}

/** Points otadata at a slot, as a host that flashes does. */
function select(chip: VirtualChip, slot: string): void {
  const table = parsePartitionBinary(chip.flash.read(TABLE, 0xc00));
  chip.flash.load(OTADATA, switchOtadata(chip.flash.read(OTADATA, 0x2000), table, slot));
}

describe('a virtual chip boots', () => {
  it.each(['esp32', 'esp32c3'] as const)(
    'the merged sample of an %s to its heartbeat',
    async (name) => {
      const { clock, bootUntil, until } = board(name);
      const log = await bootUntil('otakit-hello 1.0.0');
      for (const line of [
        'boot:  3 factory          factory app      00 00 00010000 00100000',
        'boot: Defaulting to factory image',
        'boot: Loaded app from partition at offset 0x10000',
        'SPI Flash Size : 4MB',
      ]) {
        expect(log).toContain(line);
      }
      await clock.sleeperFor(1000);
      await clock.advance(1000);
      expect(await until('heartbeat 1')).toContain('heartbeat 1\n');
    },
  );

  it('the slot that otadata names', async () => {
    const { chip, bootUntil } = board('esp32');
    chip.flash.load(OTA_1, sample('hello-esp32-1.1.0'));
    select(chip, 'ota_1');
    expect(await bootUntil('otakit-hello 1.1.0')).toContain('partition at offset 0x210000');
  });

  it('the other slot where the chosen image is bad, and leaves otadata as it is', async () => {
    const { chip, bootUntil } = board('esp32');
    const damaged = sample('hello-esp32-1.1.0');
    damaged[0x100] = (damaged[0x100] ?? 0) ^ 1;
    chip.flash.load(OTA_0, sample('hello-esp32-1.0.0'));
    chip.flash.load(OTA_1, damaged);
    select(chip, 'ota_1');
    const before = chip.flash.read(OTADATA, 0x2000).slice();
    const log = await bootUntil('otakit-hello');
    expect(log).toMatch(/E \(\d+\) esp_image: Checksum failed\. Calculated 0x\w+ read 0x\w+/);
    expect(log).toContain('boot: OTA app partition slot 1 is not bootable');
    expect(log).toContain('Loaded app from partition at offset 0x110000');
    expect(chip.flash.read(OTADATA, 0x2000)).toEqual(before);
  });

  it('not an image of another chip', async () => {
    const { chip, bootUntil } = board('esp32');
    chip.flash.load(OTA_1, sample('hello-esp32c3-1.0.0'));
    select(chip, 'ota_1');
    expect(await bootUntil('otakit-hello')).toContain(
      'boot_comm: mismatch chip ID, expected 0, found 5',
    );
  });
});

describe('a virtual chip resets for ever', () => {
  async function loops(name: string, prepare: (chip: VirtualChip) => void, fault: string) {
    const { chip, clock, bootUntil, until } = board('esp32', { loadMerged: name !== 'blank' });
    prepare(chip);
    expect(await bootUntil(fault)).toContain(fault);
    await clock.sleeperFor(300);
    await clock.advance(300);
    return until(name === 'blank' ? 'RTCWDT_RTC_RESET' : 'SW_RESET');
  }

  it('on a blank flash', async () => {
    const log = await loops('blank', () => {}, 'invalid header: 0xffffffff');
    expect(log).toContain('rst:0x10 (RTCWDT_RTC_RESET)');
  });

  it('on a flipped byte in the table', async () => {
    const log = await loops(
      'table',
      (chip) => chip.flash.load(TABLE + 4, Uint8Array.of(0x42)),
      'load partition table error!',
    );
    expect(log).toContain('flash_parts: Incorrect MD5 checksum');
  });

  it('on a bootloader that was told of a smaller flash', async () => {
    const log = await loops(
      'size',
      (chip) => chip.flash.load(0x1003, Uint8Array.of(0x10)),
      'load partition table error!',
    );
    expect(log).toContain(
      'flash_parts: partition 4 invalid - offset 0x110000 size 0x100000 exceeds flash chip size 0x200000',
    );
  });
});

describe('reset lines', () => {
  it('lead into the loader with IO0 low, into the application without, nowhere both asserted', async () => {
    const { chip, bootUntil } = board('esp32');
    await bootUntil('otakit-hello');
    chip.setSignals({ dtr: true, rts: true });
    expect(chip.inLoader).toBe(false);
    chip.setSignals({ dtr: false, rts: true });
    chip.setSignals({ dtr: true, rts: false });
    expect(chip.inLoader).toBe(true);
    chip.setSignals({ dtr: false, rts: false });
    expect(chip.inLoader).toBe(true);
    chip.setSignals({ dtr: false, rts: true });
    chip.setSignals({ dtr: false, rts: false });
    expect(chip.inLoader).toBe(false);
  });
});
