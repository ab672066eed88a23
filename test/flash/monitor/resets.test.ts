import { describe, expect, it } from 'vitest';
import { findBootFault, rootFault } from '../../../src/flash/monitor/boot-fault.ts';
import { describeResetLoop, ResetLoopDetector } from '../../../src/flash/monitor/reset-loop.ts';
import { isDownloadMode, parseResetReason } from '../../../src/flash/monitor/reset-reason.ts';

describe('a reset reason', () => {
  it.each([
    ['rst:0x1 (POWERON_RESET),boot:0x12 (SPI_FAST_FLASH_BOOT)', 1, 'POWERON_RESET', 'power'],
    ['rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)', 1, 'POWERON', 'power'],
    ['rst:0x17 (CHIP_USB_UART_RESET),boot:0x30f (SPI_FAST)', 23, 'CHIP_USB_UART_RESET', 'usb'],
    ['rst:0x3 (SW_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)', 3, 'SW_RESET', 'software'],
    ['rst:0x7 (TG0WDT_SYS_RESET),boot:0x13 (SPI)', 7, 'TG0WDT_SYS_RESET', 'watchdog'],
    ['rst:0xc (SW_CPU_RESET),boot:0x13 (SPI)', 12, 'SW_CPU_RESET', 'software'],
    ['rst:0xf (BROWNOUT_RST),boot:0x8 (SPI)', 15, 'BROWNOUT_RST', 'brownout'],
    ['rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI)', 16, 'RTCWDT_RTC_RESET', 'watchdog'],
    ['rst:0x15 (USB_UART_CHIP_RESET),boot:0x8 (SPI)', 21, 'USB_UART_CHIP_RESET', 'usb'],
    ['rst:0x5 (DEEPSLEEP_RESET),boot:0x13 (SPI)', 5, 'DEEPSLEEP_RESET', 'sleep'],
    ['rst:0x7f (NEW),boot:0x8 (SPI)', 127, 'NEW', 'other'],
  ])('in %j', (text, code, name, kind) => {
    expect(parseResetReason(text)).toMatchObject({ code, name, kind });
  });

  it('is in no other line', () => {
    expect(parseResetReason('I (1) first:0x1 (x)')).toBeNull();
    expect(parseResetReason('mode:DIO, clock div:2')).toBeNull();
  });

  it('differs from a chip that waits in its loader', () => {
    expect(isDownloadMode('waiting for download')).toBe(true);
    expect(isDownloadMode('I (1) app: download done')).toBe(false);
  });
});

describe('a complaint', () => {
  it.each([
    ['Brownout detector was triggered', 'brownout'],
    ['invalid header: 0xffffffff', 'empty-flash'],
    ['flash read err, 1000', 'empty-flash'],
    ['invalid header: 0x02b0003a', 'no-bootloader'],
    ['csum err:0x9a!=0x5f', 'no-bootloader'],
    [
      'E (1) flash_parts: partition 4 invalid - offset 0x110000 size 0x100000 exceeds flash chip size 0x200000',
      'flash-too-small',
    ],
    [
      'E (305) spi_flash: Detected size(2048k) smaller than the size in the binary image header(4096k). Probe failed.',
      'flash-detected-smaller',
    ],
    ['E (1) boot_comm: mismatch chip ID, expected 0, found 5', 'wrong-chip'],
    ['E (1) secure_boot_v2: Secure Boot V2 verification failed.', 'secure-boot'],
    ['E (1) flash_parts: Incorrect MD5 checksum', 'bad-table'],
    ['E (1) flash_parts: partition 0 invalid magic number 0xffff', 'bad-table'],
    ['E (1) boot: load partition table error!', 'bad-table'],
    [
      'E (1) esp_image: image at 0x210000 has invalid magic byte (nothing flashed here?)',
      'empty-slot',
    ],
    ['E (1) boot: No bootable app partitions in the partition table', 'empty-slot'],
    ['E (1) esp_image: Checksum failed. Calculated 0x23 read 0x22', 'bad-image'],
    ['E (1) esp_image: Image hash failed - image is corrupt', 'bad-image'],
    ['***ERROR*** A stack overflow in task main has been detected.', 'stack-overflow'],
    ['CORRUPT HEAP: Bad head at 0x3ffb', 'heap-corruption'],
    [
      "Guru Meditation Error: Core  0 panic'ed (Interrupt wdt timeout on CPU0).",
      'interrupt-watchdog',
    ],
    ['E (1) task_wdt: Task watchdog got triggered.', 'task-watchdog'],
    ['assert failed: app_main main.c:12 (x)', 'assert'],
    ["thread 'main' panicked at src/main.rs:3:5:", 'rust-panic'],
    ['abort() was called at PC 0x400d1234 on core 0', 'abort'],
    ["Guru Meditation Error: Core  0 panic'ed (LoadProhibited).", 'panic'],
    ['I (1) boot: all is well', undefined],
  ])('%j is %s', (text, kind) => {
    expect(findBootFault(text)?.kind).toBe(kind);
  });

  it('that explains the others is the one that counts', () => {
    const size = findBootFault('E (1) flash_parts: x exceeds flash chip size 0x200000');
    const table = findBootFault('E (1) boot: load partition table error!');
    expect(rootFault(table, size)).toBe(size);
    expect(rootFault(size, table)).toBe(size);
    expect(rootFault(null, table)).toBe(table);
    expect(rootFault(null, null)).toBeNull();
  });
});

describe('a reset loop', () => {
  /** Feeds lines with the time between them and answers with what was pointed out. */
  function follow(lines: readonly (readonly [gapMs: number, text: string])[]) {
    const detector = new ResetLoopDetector();
    let timeMs = 0;
    return lines.flatMap(([gapMs, text]) => {
      timeMs += gapMs;
      const loop = detector.feed(text, timeMs);
      return loop === null ? [] : [describeResetLoop(loop)];
    });
  }
  const power = 'rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)';
  const watchdog = 'rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)';
  const software = 'rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)';
  const brownout = 'rst:0xf (RTCWDT_BROWN_OUT_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)';

  it('is said once, with its cause', () => {
    expect(
      follow([
        [0, power],
        [1, 'invalid header: 0xffffffff'],
        [300, watchdog],
        [1, 'invalid header: 0xffffffff'],
        [300, watchdog],
        [1, 'invalid header: 0xffffffff'],
        [300, watchdog],
      ]),
    ).toEqual([
      'The board resets again and again (3 times in 602 ms): there is no bootloader: the flash is empty where the ROM looks for one. Flash a merged image (`otakit flash write`); an app image alone does not boot.',
    ]);
  });

  it('is said again when the cause changes', () => {
    const crash = "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)";
    const said = follow([
      [0, power],
      [500, crash],
      [5, software],
      [500, crash],
      [5, software],
      [500, 'Brownout detector was triggered'],
      [5, brownout],
    ]);
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('crashed');
    expect(said[1]).toContain('supply voltage');
  });

  it('without any complaint is explained by the reset reason', () => {
    expect(follow([0, 900, 900].map((gapMs) => [gapMs, brownout] as const))[0]).toMatch(
      /\(3 times in 1\.8 s\): the supply voltage dropped too low\. Use a better cable/,
    );
  });

  it.each([
    ['two resets', [0, 300], software],
    ['resets that are far apart', [0, 20_000, 20_000, 20_000], software],
    ['waking from deep sleep', [0, 1000, 1000, 1000], 'rst:0x5 (DEEPSLEEP_RESET),boot:0x13 (SPI)'],
  ])('is not: %s', (_, gaps, text) => {
    expect(follow(gaps.map((gapMs) => [gapMs, text] as const))).toEqual([]);
  });
});
