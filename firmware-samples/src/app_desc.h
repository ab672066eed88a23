/* The app descriptor: what an ESP-IDF bootloader, esptool and every OTA service read from an image
 * without running it. 256 bytes, the first thing in the first segment, so at file offset 0x20. */
#pragma once

#include <stdint.h>

#define APP_DESC_MAGIC 0xABCD5432u

struct app_desc {
    uint32_t magic;
    uint32_t secure_version; /* compared with the eFuse counter when anti-rollback is on */
    uint32_t reserved1[2];
    char version[32];
    char project_name[32];
    char time[16];
    char date[16];
    char idf_ver[32];
    uint8_t app_elf_sha256[32]; /* zero in the ELF; `esptool elf2image` fills it in the image */
    uint16_t min_efuse_blk_rev_full;
    uint16_t max_efuse_blk_rev_full; /* 0xFFFF: any */
    uint8_t mmu_page_size;           /* log2 of the flash cache page */
    uint8_t spi_flash_mode;          /* 0: not stated */
    uint8_t reserved2[74];
};

_Static_assert(sizeof(struct app_desc) == 256, "the bootloader expects 256 bytes");
_Static_assert(__builtin_offsetof(struct app_desc, app_elf_sha256) == 0x90,
               "with the 0x20 bytes of headers before it, --elf-sha256-offset is 0xb0");

extern const struct app_desc app_desc;
