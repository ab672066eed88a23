/** What the ROM says first after a reset. */
export interface ResetReason {
  /** The number after `rst:`. */
  readonly code: number;
  /** The ROM's own name, such as `POWERON_RESET`. */
  readonly name: string;
  readonly kind: 'power' | 'software' | 'sleep' | 'watchdog' | 'brownout' | 'usb' | 'other';
  /** In plain words, as a sentence without its end. */
  readonly meaning: string;
}

const HOST_OVER_USB = { kind: 'usb', meaning: 'the host reset it over USB' } as const;
/** The ESP32-P4 has a number of its own for it, which is a brownout elsewhere. */
const VIA_USB = /USB_UART/;

/**
 * By the number in `rst:0x..`. The numbers mean the same from the ESP32 on, later chips only add to
 * them; their names differ (reset reasons in the technical reference manuals, and `rtc.h` of the ROM).
 */
const REASONS: Readonly<Record<number, Omit<ResetReason, 'code' | 'name'>>> = {
  0x01: { kind: 'power', meaning: 'power came on, or EN was pulled low' },
  0x03: { kind: 'software', meaning: 'the program restarted the chip' },
  0x04: { kind: 'watchdog', meaning: 'the legacy watchdog ran out' },
  0x05: { kind: 'sleep', meaning: 'the chip woke from deep sleep' },
  0x06: { kind: 'other', meaning: 'the SDIO host reset it' },
  0x07: { kind: 'watchdog', meaning: 'watchdog 0 ran out: the code hung' },
  0x08: { kind: 'watchdog', meaning: 'watchdog 1 ran out: the code hung' },
  0x09: { kind: 'watchdog', meaning: 'the RTC watchdog ran out' },
  0x0a: { kind: 'other', meaning: 'the intrusion detector reset it' },
  0x0b: { kind: 'watchdog', meaning: 'a timer watchdog reset the CPU' },
  0x0c: { kind: 'software', meaning: 'the program restarted the CPU, as after a panic' },
  0x0d: { kind: 'watchdog', meaning: 'the RTC watchdog reset the CPU' },
  0x0e: { kind: 'software', meaning: 'the first CPU reset the second' },
  0x0f: { kind: 'brownout', meaning: 'the supply voltage dropped too low' },
  0x10: { kind: 'watchdog', meaning: 'the RTC watchdog ran out: the boot did not finish in time' },
  0x11: { kind: 'watchdog', meaning: 'watchdog 1 reset the CPU' },
  0x12: { kind: 'watchdog', meaning: 'the super watchdog ran out' },
  0x13: { kind: 'other', meaning: 'a clock glitch was detected' },
  0x14: { kind: 'other', meaning: 'reading the eFuses failed' },
  0x15: HOST_OVER_USB,
  0x16: { kind: 'usb', meaning: 'a debugger reset it over USB' },
  0x17: { kind: 'brownout', meaning: 'a glitch of the supply voltage was detected' },
  0x18: { kind: 'other', meaning: 'a debugger reset the CPU' },
};

const ROM_LINE = /\brst:0x([0-9a-f]{1,2}) \(([^),]*)\)/i;

/** Reads the ROM's `rst:0x1 (POWERON_RESET),boot:…`; `null` for other lines. */
export function parseResetReason(text: string): ResetReason | null {
  const match = ROM_LINE.exec(text);
  if (match === null) return null;
  const code = Number.parseInt(match[1] ?? '', 16);
  const name = match[2] ?? '';
  const known = REASONS[code] ?? { kind: 'other', meaning: 'for a reason that is not documented' };
  return { code, name, ...known, ...(VIA_USB.test(name) ? HOST_OVER_USB : {}) };
}

/** Whether the ROM says that it waits for a host instead of booting. */
export function isDownloadMode(text: string): boolean {
  return /\bwaiting for download\b/i.test(text);
}
