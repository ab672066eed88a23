#include "chip.h"

#include "mmio.h"
#include "regs.h"

/* The bootloader runs the CPU at 80 MHz, and nothing here changes that. */
#define CYCLES_PER_MS 80000u

const char chip_name[] = "ESP32";

/* Zero clears the enable bit and the separate flash-boot enable with it. */
IRAM void chip_stop_watchdogs(void)
{
    write_locked_reg(RTC_WDT_LOCK, WDT_KEY, RTC_WDT_CONFIG0, 0);
    write_locked_reg(TG0_WDT_LOCK, WDT_KEY, TG0_WDT_CONFIG0, 0);
    write_locked_reg(TG1_WDT_LOCK, WDT_KEY, TG1_WDT_CONFIG0, 0);
}

static inline uint32_t cycle_count(void)
{
    uint32_t count;
    __asm__ volatile("rsr.ccount %0" : "=a"(count));
    return count;
}

/* The difference is right across the counter's wrap, as long as the wait is under 53 s. */
IRAM void chip_wait_ms(uint32_t ms)
{
    const uint32_t start = cycle_count();
    const uint32_t cycles = ms * CYCLES_PER_MS;

    while (cycle_count() - start < cycles) {
    }
}
