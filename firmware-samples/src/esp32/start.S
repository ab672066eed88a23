/* The bootloader calls this entry point with the windowed ABI; everything here is compiled for call0,
 * the one ABI that the ESP32 and the ESP8266's compiler share. So leave the windows for good before
 * touching a register that may still belong to an older frame. */

#define PS_UM 0x20        /* user vectors, as the bootloader had it */
#define PS_INTLEVEL 0x0F  /* mask every interrupt: there is no handler */

    .file "start.S" /* else the linker names it after a temporary object file */
    .section .iram.start, "ax"
    .literal_position
    .global _start
    .type _start, @function
    .align 4
_start:
    movi    a0, PS_UM | PS_INTLEVEL  /* WOE = 0: a0-a15 are plain registers from here on */
    wsr.ps  a0
    rsync
    movi    a1, _stack_top
    call0   run
    .size _start, . - _start
