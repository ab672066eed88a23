/* ESP32 Technical Reference Manual: the registers this program touches. */
#pragma once

/* Errata CPU-3.3: back-to-back writes to this address can be lost on revision 0 chips. console.c reads
 * the status before every write, so no two follow each other. */
#define UART0_FIFO 0x3FF40000u
#define UART0_STATUS 0x3FF4001Cu /* bits 16-23: bytes in the TX FIFO */

#define WDT_KEY 0x50D83AA1u

#define RTC_WDT_CONFIG0 0x3FF4808Cu
#define RTC_WDT_LOCK 0x3FF480A4u

#define TG0_WDT_CONFIG0 0x3FF5F048u
#define TG0_WDT_LOCK 0x3FF5F064u
#define TG1_WDT_CONFIG0 0x3FF60048u
#define TG1_WDT_LOCK 0x3FF60064u
