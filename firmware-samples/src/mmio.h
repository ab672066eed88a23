#pragma once

#include <stdint.h>

static inline uint32_t read_reg(uint32_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void write_reg(uint32_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

/* A watchdog's registers take a write only while its write-protect register holds the key. */
static inline void write_locked_reg(uint32_t lock, uint32_t key, uint32_t address, uint32_t value)
{
    write_reg(lock, key);
    write_reg(address, value);
    write_reg(lock, 0);
}
