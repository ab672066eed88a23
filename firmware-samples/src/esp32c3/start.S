/* The bootloader's own code and stack are free from here on, so the first thing is a stack of our own.
 * gp stays unset: the linker script defines no __global_pointer$, so nothing is addressed through it. */

    .file "start.S" /* else the linker names it after a temporary object file */
    .section .iram.start, "ax"
    .global _start
    .type _start, @function
    .align 2
_start:
    csrci   mstatus, 8      /* MIE = 0: there is no interrupt handler */
    la      sp, _stack_top
    call    run
    .size _start, . - _start
