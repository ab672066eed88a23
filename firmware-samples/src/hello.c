/* Says which image booted, then shows that it is still running. All it says about itself comes from
 * its own app descriptor, so that what is on the console can be compared with what was served. */
#include "app_desc.h"
#include "chip.h"
#include "console.h"

/* 1.1.0 beats faster and says how long it has been up: a small change of code and data, for trying an
 * update or a delta from 1.0.0. */
#if APP_VERSION_MINOR >= 1
#define HEARTBEAT_MS 500u
#else
#define HEARTBEAT_MS 1000u
#endif

static void print_banner(void)
{
    print("\n");
    print(app_desc.project_name);
    print(" ");
    print(app_desc.version);
    print(" on ");
    print(chip_name);
    print(", ELF ");
    print_hex(app_desc.app_elf_sha256, 8);
    print("\n");
}

static void print_heartbeat(uint32_t beat)
{
    print("heartbeat ");
    print_decimal(beat);
#if APP_VERSION_MINOR >= 1
    print(", up ");
    print_decimal(beat * HEARTBEAT_MS);
    print(" ms");
#endif
    print("\n");
}

/* Reached from start.S; there is nothing to return to. */
__attribute__((noreturn)) void run(void)
{
    chip_stop_watchdogs();
    print_banner();
    for (uint32_t beat = 1;; ++beat) {
        chip_wait_ms(HEARTBEAT_MS);
        print_heartbeat(beat);
    }
}
