/* ESP32-C3 Technical Reference Manual: the registers this program touches. */
#pragma once

#define UART0_FIFO 0x60000000u
#define UART0_STATUS 0x6000001Cu /* bits 16-23: bytes in the TX FIFO */

#define WDT_KEY 0x50D83AA1u

#define RTC_WDT_CONFIG0 0x60008090u
#define RTC_WDT_LOCK 0x600080A8u

#define TG0_WDT_CONFIG0 0x6001F048u
#define TG0_WDT_LOCK 0x6001F064u
#define TG1_WDT_CONFIG0 0x60020048u
#define TG1_WDT_LOCK 0x60020064u
#define TG_WDT_CONF_UPDATE (1u << 22)

#define SUPER_WDT_CONFIG 0x600080ACu
#define SUPER_WDT_LOCK 0x600080B0u
#define SUPER_WDT_KEY 0x8F1D312Au
#define SUPER_WDT_AUTO_FEED (1u << 31)

/* The system timer counts at 16 MHz from reset on, whatever the CPU clock. */
#define SYSTIMER_UNIT0_OP 0x60023004u
#define SYSTIMER_UNIT0_VALUE_LO 0x60023044u
#define SYSTIMER_OP_UPDATE (1u << 30)
#define SYSTIMER_OP_VALID (1u << 29)
