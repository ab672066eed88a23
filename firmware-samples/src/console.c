#include "console.h"

#include <stdbool.h>

#include "mmio.h"
#include "regs.h"

/* The FIFO holds 128 bytes and drops what does not fit. One place is left free, so that nothing
 * depends on what the counter shows when it is full. */
#define TX_FIFO_LIMIT 127u

static void put(char c)
{
    while (((read_reg(UART0_STATUS) >> 16) & 0xFFu) >= TX_FIFO_LIMIT) {
    }
    write_reg(UART0_FIFO, (uint8_t)c);
}

void print(const char *text)
{
    for (; *text != '\0'; ++text) {
        if (*text == '\n')
            put('\r');
        put(*text);
    }
}

/* By subtraction: the Xtensa compiler's target has no divide instruction, and a division would pull in
 * its runtime library for nothing. */
void print_decimal(uint32_t n)
{
    static const uint32_t powers[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                      10000,      1000,      100,      10,      1};
    bool leading = true;

    for (uint32_t i = 0; i < sizeof powers / sizeof powers[0]; ++i) {
        char digit = '0';
        while (n >= powers[i]) {
            n -= powers[i];
            ++digit;
        }
        leading = leading && digit == '0' && powers[i] != 1;
        if (!leading)
            put(digit);
    }
}

void print_hex(const uint8_t *bytes, uint32_t count)
{
    static const char digits[] = "0123456789abcdef";

    for (; count > 0; --count, ++bytes) {
        put(digits[*bytes >> 4]);
        put(digits[*bytes & 0xF]);
    }
}
