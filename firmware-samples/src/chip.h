/* What a chip provides to the program. Each chip has a folder with these functions (chip.c), its
 * registers (regs.h), its entry point (start.S) and its memory map (app.ld). */
#pragma once

#include <stdint.h>

/* Code that must not wait for the flash cache: it is copied to internal RAM by the bootloader. */
#define IRAM __attribute__((section(".iram.text"), noinline))

extern const char chip_name[];

/* The bootloader hands over with the RTC watchdog running (9 s by default) and expects the
 * application to feed or stop it. This program stops every one there is. */
void chip_stop_watchdogs(void);

void chip_wait_ms(uint32_t ms);
