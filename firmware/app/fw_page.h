/* The page at / (fw_page.c is made from page.html by scripts/make-page.ts). */
#ifndef FW_PAGE_H
#define FW_PAGE_H

#include <stdint.h>

extern const uint8_t fw_page[];
extern const uint32_t fw_page_bytes;

#endif
