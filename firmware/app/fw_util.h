/* Text and numbers without libc: bounded writing, decimal numbers, UTF-8, CRC-32. */
#ifndef FW_UTIL_H
#define FW_UTIL_H

#include <stddef.h>
#include <stdint.h>

/* A text that grows in a buffer of fixed size. What does not fit is left out, and `overflow` says so. */
typedef struct fw_text {
  char *data;
  uint32_t size;
  uint32_t length;
  uint8_t overflow;
} fw_text;

void fw_text_init(fw_text *t, char *data, uint32_t size);
void fw_put_bytes(fw_text *t, const void *bytes, uint32_t n);
void fw_put(fw_text *t, const char *text);
void fw_put_char(fw_text *t, char c);
void fw_put_u32(fw_text *t, uint32_t v);
/* v / 10^places with that many places, e.g. (123, 1) → 12.3 */
void fw_put_decimal(fw_text *t, uint32_t v, uint32_t places);
void fw_put_hex32(fw_text *t, uint32_t v);
/* Inside a JSON string: escaped, and what is not valid UTF-8 becomes U+FFFD. */
void fw_put_escaped(fw_text *t, const void *bytes, uint32_t n);
/* "text" */
void fw_put_string(fw_text *t, const char *text);
/* Members of a JSON object: a comma where one is due, the name, the value. */
void fw_put_name(fw_text *t, const char *name);
void fw_member_u32(fw_text *t, const char *name, uint32_t v);
void fw_member_string(fw_text *t, const char *name, const char *text);
void fw_member_bool(fw_text *t, const char *name, int v);

uint32_t fw_length(const char *text);
int fw_equal(const char *bytes, uint32_t n, const char *text);
int fw_equal_ignoring_case(const char *bytes, uint32_t n, const char *text);
/* Takes the same time wherever the two differ. */
int fw_same_secret(const char *bytes, uint32_t n, const char *secret);
void fw_copy(void *to, const void *from, uint32_t n);
/* Copies at most size − 1 bytes and ends them with a zero; 0 when it did not fit. */
int fw_copy_text(char *to, uint32_t size, const char *bytes, uint32_t n);

/* A decimal number like 12, 0.05 or 1e-2 in millionths; 0 when it is none, negative, or above 4294.967295. */
int fw_parse_micro(const char *p, uint32_t n, uint32_t *micro);
/* A whole number in decimal digits. */
int fw_parse_u32(const char *p, uint32_t n, uint32_t *v);
/* round(micro / 10^6 · 2^bits), half up; bits ≤ 15, result below 2^28. */
uint32_t fw_fixed(uint32_t micro, uint32_t bits);
/* The number in millionths that v in Q bits (1 … 15) stands for, rounded half up. */
uint32_t fw_micro(uint32_t v, uint32_t bits);
/* v in Q bits (1 … 15) with the fewest decimal places that fw_fixed turns back into v. */
void fw_put_fixed(fw_text *t, uint32_t v, uint32_t bits);

/* Bytes of the valid UTF-8 character at p (1 … 4), 0 when none is there. */
uint32_t fw_utf8(const uint8_t *p, uint32_t n);

/* 10 · tokens / seconds, from microseconds; at least three digits of it are right. tokens < 2^28 */
uint32_t fw_rate_x10(uint32_t tokens, uint32_t micros);

/* IEEE CRC-32, going on from `crc` (0 at the beginning). */
uint32_t fw_crc32(uint32_t crc, const void *bytes, uint32_t n);

uint32_t fw_load32(const uint8_t *p);
void fw_store32(uint8_t *p, uint32_t v);

#endif
