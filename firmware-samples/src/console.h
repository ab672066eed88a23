/* Text on UART0, at the baud rate the bootloader left (115200 by default). */
#pragma once

#include <stdint.h>

void print(const char *text);
void print_decimal(uint32_t n);
void print_hex(const uint8_t *bytes, uint32_t count);
