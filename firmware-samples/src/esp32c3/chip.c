#include "chip.h"

#include "mmio.h"
#include "regs.h"

#define TICKS_PER_MS 16000u

const char chip_name[] = "ESP32-C3";

IRAM void chip_stop_watchdogs(void)
{
    /* Zero clears the enable bit and the separate flash-boot enable with it. The timer groups run their
     * watchdogs in another clock domain: a new configuration counts once the update bit is written. */
    write_locked_reg(RTC_WDT_LOCK, WDT_KEY, RTC_WDT_CONFIG0, 0);
    write_locked_reg(TG0_WDT_LOCK, WDT_KEY, TG0_WDT_CONFIG0, TG_WDT_CONF_UPDATE);
    write_locked_reg(TG1_WDT_LOCK, WDT_KEY, TG1_WDT_CONFIG0, TG_WDT_CONF_UPDATE);

    /* The super watchdog is analog and watches the digital core; let the hardware feed it. */
    write_locked_reg(SUPER_WDT_LOCK, SUPER_WDT_KEY, SUPER_WDT_CONFIG,
                     read_reg(SUPER_WDT_CONFIG) | SUPER_WDT_AUTO_FEED);
}

/* The counter cannot be read directly: ask for a snapshot, then read that. */
static inline uint32_t timer_ticks(void)
{
    write_reg(SYSTIMER_UNIT0_OP, SYSTIMER_OP_UPDATE);
    while ((read_reg(SYSTIMER_UNIT0_OP) & SYSTIMER_OP_VALID) == 0) {
    }
    return read_reg(SYSTIMER_UNIT0_VALUE_LO);
}

/* The difference is right across the counter's wrap, as long as the wait is under 268 s. */
IRAM void chip_wait_ms(uint32_t ms)
{
    const uint32_t start = timer_ticks();
    const uint32_t ticks = ms * TICKS_PER_MS;

    while (timer_ticks() - start < ticks) {
    }
}
