import type { ResetReason } from './chip.ts';
import type { VirtualChipName } from './profile.ts';

/** What the ROM of a chip prints, word for word as its boards do. */
export interface RomText {
  /** Who it is, before it says why it starts. */
  readonly greeting: readonly string[];
  /** `rst:` for each reason. */
  readonly reasons: Readonly<Record<ResetReason, string>>;
  /** `boot:` with IO0 high and low: the straps as a development board has them. */
  readonly flashBoot: string;
  readonly downloadBoot: string;
  /** What comes before it loads the bootloader, up to the flash mode. */
  readonly beforeMode: readonly string[];
  readonly modeLine: (mode: string) => string;
  /** How the length of a segment is written. */
  readonly length: (bytes: number) => string;
}

const FLASH_BOOT = '(SPI_FAST_FLASH_BOOT)';

const ESP32: RomText = {
  greeting: ['ets Jul 29 2019 12:21:46', ''],
  reasons: {
    'power-on': '0x1 (POWERON_RESET)',
    software: '0x3 (SW_RESET)',
    watchdog: '0x10 (RTCWDT_RTC_RESET)',
    'rtc-watchdog': '0x10 (RTCWDT_RTC_RESET)',
    'brown-out': '0xf (RTCWDT_BROWN_OUT_RESET)',
  },
  flashBoot: `0x12 ${FLASH_BOOT}`,
  downloadBoot: '0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))',
  beforeMode: [
    'configsip: 0, SPIWP:0xee',
    'clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00',
  ],
  modeLine: (mode) => `mode:${mode}, clock div:2`,
  length: String,
};

/** Chips with an RTC domain, which is what their reasons are named after. */
const RTC_REASONS: RomText['reasons'] = {
  'power-on': '0x1 (POWERON)',
  software: '0x3 (RTC_SW_SYS_RST)',
  watchdog: '0x7 (TG0WDT_SYS_RST)',
  'rtc-watchdog': '0x10 (RTCWDT_RTC_RST)',
  'brown-out': '0xf (BROWNOUT_RST)',
};

/** Chips with a low-power and a high-performance system. */
const HP_REASONS: RomText['reasons'] = {
  'power-on': '0x1 (POWERON)',
  software: '0x3 (LP_SW_HPSYS)',
  watchdog: '0x7 (TG0_WDT_HPSYS)',
  'rtc-watchdog': '0x10 (LP_WDT_SYS)',
  'brown-out': '0xf (LP_BOD_SYS)',
};

function since(
  version: string,
  build: string,
  boots: { readonly flash: string; readonly download: string },
  rest: Partial<RomText> = {},
): RomText {
  return {
    greeting: [`ESP-ROM:${version}`, `Build:${build}`],
    reasons: RTC_REASONS,
    flashBoot: `${boots.flash} ${FLASH_BOOT}`,
    downloadBoot: boots.download,
    beforeMode: ['SPIWP:0xee'],
    modeLine: (mode) => `mode:${mode}, clock div:1`,
    length: (bytes) => `0x${bytes.toString(16)}`,
    ...rest,
  };
}

/** The newest ROMs say no more than this of the flash. */
const SHORT_MODE: Pick<RomText, 'beforeMode' | 'modeLine'> = {
  beforeMode: [],
  modeLine: (mode) => `SPI mode:${mode}, clock div:1`,
};

export const ROM_TEXTS: Readonly<Record<VirtualChipName, RomText>> = {
  esp32: ESP32,
  esp32s2: since('esp32s2-rc4-20191025', 'Oct 25 2019', {
    flash: '0x8',
    download: '0x0 (DOWNLOAD(USB/UART0/1/SPI))',
  }),
  esp32s3: since('esp32s3-20210327', 'Mar 27 2021', {
    flash: '0x8',
    download: '0x0 (DOWNLOAD(USB/UART0))',
  }),
  // Its ROM goes by the name of the package.
  esp32c2: since('esp8684-api2-20220127', 'Jan 27 2022', {
    flash: '0xc',
    download: '0x4 (DOWNLOAD(UART0))',
  }),
  esp32c3: since('esp32c3-api1-20210207', 'Feb  7 2021', {
    flash: '0x8',
    download: '0x4 (DOWNLOAD(USB/UART0/1))',
  }),
  esp32c5: since(
    'esp32c5-eco2-20250121',
    'Jan 21 2025',
    { flash: '0x18', download: '0x14 (DOWNLOAD(USB/UART0))' },
    { reasons: HP_REASONS, ...SHORT_MODE },
  ),
  esp32c6: since(
    'esp32c6-20220919',
    'Sep 19 2022',
    { flash: '0xc', download: '0x4 (DOWNLOAD(USB/UART0/SDIO_FEI_FEO))' },
    { reasons: HP_REASONS, modeLine: (mode) => `mode:${mode}, clock div:2` },
  ),
  esp32h2: since(
    'esp32h2-20221101',
    'Nov  1 2022',
    { flash: '0xc', download: '0x4 (DOWNLOAD(USB/UART0))' },
    { reasons: HP_REASONS },
  ),
  esp32p4: since(
    'esp32p4-eco2-20240710',
    'Jul 10 2024',
    { flash: '0x30f', download: '0x307 (DOWNLOAD(USB/UART0/SPI))' },
    {
      reasons: {
        'power-on': '0x1 (POWERON)',
        software: '0x3 (SW_SYS_RESET)',
        watchdog: '0x7 (HP_SYS_HP_WDT_RESET)',
        'rtc-watchdog': '0x10 (CHIP_LP_WDT_RESET)',
        'brown-out': '0xf (BROWN_OUT_RESET)',
      },
      ...SHORT_MODE,
    },
  ),
};

/** The lines with which a ROM starts, up to the one with `rst:` and `boot:`. */
export function romStart(text: RomText, reason: ResetReason, boot: string): readonly string[] {
  return [...text.greeting, `rst:${text.reasons[reason]},boot:${boot}`];
}

/** What the ROM says when IO0 was low. */
export function loaderBanner(chip: VirtualChipName): string {
  const text = ROM_TEXTS[chip];
  const lines = [...romStart(text, 'power-on', text.downloadBoot), 'waiting for download'];
  return `${lines.join('\n')}\n`;
}
