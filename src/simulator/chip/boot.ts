import { SPI_MODES } from '../../app-image/index.ts';
import { chipByName } from '../../chips/index.ts';
import { alignUp, type Clock } from '../../shared/index.ts';
import type { BootFlash } from '../boot/boot-flash.ts';
import { boot } from '../boot/bootloader.ts';
import { runApp } from './app.ts';
import { readBootloader, type RomView } from './boot-rom.ts';
import { tableLog } from './boot-table.ts';
import type { BootContext } from './chip.ts';
import type { NorFlash } from './nor-flash.ts';
import { profileOf } from './profile.ts';
import { ROM_TEXTS, type RomText, romStart } from './rom-text.ts';

/** How long the ROM tries before its watchdog resets the chip, and a failed boot before the next. */
const RESET_LOOP_MS = 300;

/**
 * What a chip does from reset to application, and what it prints meanwhile: the ROM loads the
 * bootloader at the chip's offset, that reads table and otadata and loads an app. Any of them may be
 * missing or damaged; then the chip says so and resets, again and again.
 */
export function firmware(clock: Clock): (context: BootContext) => Promise<void> {
  return async (context) => {
    const chip = chipByName(context.chip);
    const resetMs = clock.now();
    const uptimeMs = () => clock.now() - resetMs;
    const rom = readBootloader(context.flash, chip);
    const text = ROM_TEXTS[profileOf(context.chip).name];
    context.print(romLog(text, context.resetReason, rom));
    const failed = async (reason: 'software' | 'watchdog') => {
      await clock.sleep(RESET_LOOP_MS, context.stopped);
      context.restart(reason);
    };
    if (rom.kind === 'invalid') return failed('watchdog');

    const log = (target: string, level: 'E' | 'W' | 'I', message: string) =>
      context.print(`${level} (${Math.round(uptimeMs())}) ${target}: ${message}\n`);
    const info = (message: string) => log('boot', 'I', message);
    info(`ESP-IDF ${rom.idfVersion} 2nd stage bootloader`);
    info(`chip revision: v${Math.floor(context.revision / 100)}.${context.revision % 100}`);
    const soc = `boot.${chip.name}`;
    log(soc, 'I', `SPI Speed      : ${rom.flashFrequency}`);
    log(soc, 'I', `SPI Mode       : ${(SPI_MODES[rom.spiMode] ?? 'slow-read').toUpperCase()}`);
    log(soc, 'I', `SPI Flash Size : ${rom.flashSizeBytes / (1024 * 1024)}MB`);
    info('Enabling RNG early entropy source...');

    const table = tableLog(context.flash, rom.flashSizeBytes);
    for (const line of table.lines) info(line);
    if (table.fault !== null) {
      log('flash_parts', 'E', table.fault);
      log('boot', 'E', 'Failed to verify partition table');
      log('boot', 'E', 'load partition table error!');
      return failed('software');
    }
    const outcome = await boot(
      bootFlash(context.flash),
      { chip, revision: context.revision },
      (target) => ({
        error: (message) => log(target, 'E', message),
        warn: (message) => log(target, 'W', message),
        info: (message) => log(target, 'I', message),
      }),
    );
    if (context.stopped.aborted) return undefined;
    if (outcome.kind === 'stuck') return failed('software');
    info('Disabling RNG early entropy source...');
    return runApp(context, chip, outcome.slot, clock);
  };
}

/** The chip's NOR flash as the bootloader's code takes it. */
function bootFlash(flash: NorFlash): BootFlash {
  return {
    read: (offset, length) => flash.read(offset, Math.min(length, flash.sizeBytes - offset)),
    program: async (offset, data) => {
      flash.program(offset, data);
    },
    erase: async (offset, length) => {
      flash.erase(offset, alignUp(length, 0x1000));
    },
  };
}

/** The ROM's own lines. Strap, drive strengths and clock divider are what most boards show. */
function romLog(text: RomText, reason: BootContext['resetReason'], rom: RomView): string {
  const lines = [...romStart(text, reason, text.flashBoot)];
  if (rom.kind === 'invalid') {
    // The ROM says it over and over until its watchdog bites.
    lines.push(...Array.from({ length: 8 }, () => `invalid header: ${hex(rom.firstWord)}`));
    return `${lines.join('\n')}\n`;
  }
  const mode = (SPI_MODES[rom.spiMode] ?? 'slow-read').toUpperCase().replace('-', ' ');
  lines.push(...text.beforeMode, text.modeLine(mode));
  for (const { loadAddress, lengthBytes } of rom.segments) {
    lines.push(`load:${hex(loadAddress)},len:${text.length(lengthBytes)}`);
  }
  lines.push(`entry ${hex(rom.entryPoint)}`);
  return `${lines.join('\n')}\n`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
