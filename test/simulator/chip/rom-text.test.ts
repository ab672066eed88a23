import { describe, expect, it } from 'vitest';
import { parseResetReason } from '../../../src/flash/monitor/reset-reason.ts';
import { firmware, VIRTUAL_CHIPS, VirtualChip } from '../../../src/simulator/index.ts';
import { buildTestBootloader } from '../../support/build-image.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { chipByName } from '../../../src/chips/index.ts';

/** The first lines of boards, from logs that people show. */
const STARTS = {
  esp32: [
    'ets Jul 29 2019 12:21:46',
    '',
    'rst:0x1 (POWERON_RESET),boot:0x12 (SPI_FAST_FLASH_BOOT)',
  ],
  esp32s2: ['ESP-ROM:esp32s2-rc4-20191025', 'Build:Oct 25 2019', 'rst:0x1 (POWERON),boot:0x8'],
  esp32s3: ['ESP-ROM:esp32s3-20210327', 'Build:Mar 27 2021', 'rst:0x1 (POWERON),boot:0x8'],
  esp32c2: ['ESP-ROM:esp8684-api2-20220127', 'Build:Jan 27 2022', 'rst:0x1 (POWERON),boot:0xc'],
  esp32c3: ['ESP-ROM:esp32c3-api1-20210207', 'Build:Feb  7 2021', 'rst:0x1 (POWERON),boot:0x8'],
  esp32c5: ['ESP-ROM:esp32c5-eco2-20250121', 'Build:Jan 21 2025', 'rst:0x1 (POWERON),boot:0x18'],
  esp32c6: ['ESP-ROM:esp32c6-20220919', 'Build:Sep 19 2022', 'rst:0x1 (POWERON),boot:0xc'],
  esp32h2: ['ESP-ROM:esp32h2-20221101', 'Build:Nov  1 2022', 'rst:0x1 (POWERON),boot:0xc'],
  esp32p4: ['ESP-ROM:esp32p4-eco2-20240710', 'Build:Jul 10 2024', 'rst:0x1 (POWERON),boot:0x30f'],
} as const;

describe.each(VIRTUAL_CHIPS)('the ROM of a virtual %s', (name) => {
  const plugIn = () => {
    const clock = new ManualClock();
    const chip = new VirtualChip({ chip: name, clock, boot: firmware(clock) });
    let text = '';
    chip.onPrint((more) => {
      text += more;
    });
    const printed = (reset: () => void): string => {
      text = '';
      reset();
      return text;
    };
    return { chip, printed };
  };

  it('says who it is, why it starts and what it loads', async () => {
    const { chip, printed } = plugIn();
    chip.flash.load(chipByName(name).bootloaderFlashOffset, await buildTestBootloader(name));
    const lines = printed(() => chip.reset()).split('\n');
    for (const [index, start] of STARTS[name].entries()) {
      expect(lines[index]?.startsWith(start)).toBe(true);
    }
    const newest = ['esp32c5', 'esp32p4'].includes(name);
    expect(lines.some((line) => line.startsWith('SPIWP:0xee'))).toBe(!newest && name !== 'esp32');
    expect(lines.join('\n')).toMatch(
      newest ? /^SPI mode:\w+, clock div:1$/m : /^mode:\w+, clock div:[12]$/m,
    );
    const length = name === 'esp32' ? /,len:\d+$/m : /,len:0x[0-9a-f]+$/m;
    expect(lines.join('\n')).toMatch(length);
    expect(lines.some((line) => /^entry 0x[0-9a-f]+$/.test(line))).toBe(true);
  });

  it('says so when there is nothing to load, or a host is waited for', () => {
    const { chip, printed } = plugIn();
    const blank = printed(() => chip.reset()).split('\n');
    expect(blank[3]).toBe('invalid header: 0xffffffff');
    const waiting = printed(() => chip.reset('loader'));
    expect(waiting).toMatch(/^rst:0x1 \(POWERON\w*\),boot:0x\w+ \(DOWNLOAD\S+\)$/m);
    expect(waiting.endsWith('\nwaiting for download\n')).toBe(true);
  });

  it('names its reasons so that the monitor knows them', () => {
    const { chip, printed } = plugIn();
    const kinds = (['power-on', 'software', 'watchdog', 'brown-out'] as const).map(
      (reason) => parseResetReason(printed(() => chip.reset('app', reason)))?.kind,
    );
    expect(kinds).toEqual(['power', 'software', 'watchdog', 'brownout']);
  });
});
