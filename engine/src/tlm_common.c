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
  switch (code) {
    case TLM_OK: return "no error";
    case TLM_E_ALIGN: return "the model's address is not a multiple of 4";
    case TLM_E_SHORT: return "the model is cut off: fewer bytes than its header says";
    case TLM_E_MAGIC: return "not a .tlm file";
    case TLM_E_VERSION: return "a .tlm version that this engine does not know";
    case TLM_E_SIZE: return "the header's sizes are impossible";
    case TLM_E_CRC: return "the model is corrupted: its CRC-32 does not match";
    case TLM_E_HEADER: return "a header field is out of its range";
    case TLM_E_CELL: return "a recurrent cell that this engine does not have";
    case TLM_E_DIRECTORY: return "a tensor is missing, out of order, or of a wrong shape or type";
    case TLM_E_LAYOUT: return "a section overlaps, is misaligned, or lies outside the file";
    case TLM_E_GAP: return "a byte that must be zero is not";
    case TLM_E_TOKENIZER: return "the tokenizer section is not valid";
    case TLM_E_WEIGHT: return "a byte that is not a packing of ternary weights";
    case TLM_E_SCALE: return "a scale out of range: a product could overflow";
    case TLM_E_ARGUMENT: return "an argument is missing or out of range";
    case TLM_E_MEMORY: return "the memory is too small or not aligned to 4";
    case TLM_E_TOKEN: return "a token outside the vocabulary";
    case TLM_E_SPACE: return "the output does not fit";
    case TLM_E_SNAPSHOT: return "not a snapshot of this model, or damaged";
    case TLM_E_OPTION: return "a sampling option out of range";
    case TLM_E_STATE: return "not possible now";
    default: return "unknown error";
  }
}
