/* CRC-32 and the texts of the error codes. */
#include "tlm_internal.h"

uint32_t tlm_crc32(const uint8_t *p, uint32_t n) {
  uint32_t table[16], crc = TLM_FILE_CRC_INITIAL, i, b;
  /* Half a byte at a time: 16 words on the stack instead of 1 KB of constants. */
  for (i = 0; i < 16u; i++) {
    uint32_t v = i;
    for (b = 0; b < 4u; b++) v = (v >> 1) ^ (v & 1u ? TLM_FILE_CRC_POLYNOMIAL : 0u);
    table[i] = v;
  }
  for (; n; n--) {
    crc ^= *p++;
    crc = (crc >> 4) ^ table[crc & 15u];
    crc = (crc >> 4) ^ table[crc & 15u];
  }
  return crc ^ TLM_FILE_CRC_FINAL;
}

const char *tlm_error_text(int code) {
#define SENTENCE(name, text) \
  case TLM_E_##name: return text;
  switch (code) {
    case TLM_OK: return "no error"; TLM_ERRORS(SENTENCE)
    default: return "unknown error";
  }
}
