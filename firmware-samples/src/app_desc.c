#include "app_desc.h"

/* A file of its own, so that the compiler cannot see from hello.c that app_elf_sha256 starts as zeros
 * and print those instead of reading what esptool put there.
 *
 * Date and time are fixed: the same sources must always give the same image. */
__attribute__((section(".appdesc"), used)) const struct app_desc app_desc = {
    .magic = APP_DESC_MAGIC,
    .version = APP_VERSION,
    .project_name = "otakit-hello",
    .time = "12:00:00",
    .date = "Jan  1 2026",
    .idf_ver = "bare-metal",
    .max_efuse_blk_rev_full = 0xFFFF,
    .mmu_page_size = 16, /* 64 KB */
};
