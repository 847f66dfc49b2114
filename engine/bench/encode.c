/*
 * Counts executed instructions of encoding a text under QEMU:
 *   PROGRAM=encode engine/bench/count.sh riscv -DMODEL='"/path/model.tlm"' -DTEXT='"/path/text.txt"' [-DNO_INDEX]
 * NO_INDEX: as for a file without an index of its merges. Prints bytes of text, tokens, instructions, a hundredth of an
 * instruction a byte, a checksum of the tokens.
 */
#include "tinylm.h"

/* From the machine's own start file. */
void put_char(char c);
uint32_t instructions(void);

__asm__(".section .rodata\n"
        ".balign 64\n"
        "model_start: .incbin \"" MODEL "\"\n"
        "model_end:\n"
        "text_start: .incbin \"" TEXT "\"\n"
        "text_end:\n"
        ".balign 4\n"
        ".text\n");
extern const uint8_t model_start[], model_end[], text_start[], text_end[];

static void put_field(const char *name, uint32_t v) {
  char digits[12];
  uint32_t n = 0;
  while (*name) put_char(*name++);
  put_char('=');
  do digits[n++] = (char)('0' + v % 10u);
  while ((v /= 10u) != 0);
  while (n) put_char(digits[--n]);
  put_char(' ');
}

int main(void) {
  static tlm_model model;
  static uint16_t tokens[1u << 16];
  const uint32_t bytes = (uint32_t)(text_end - text_start);
  uint32_t start, taken, sum = 0;
  int32_t count, i;
  if (tlm_open(&model, model_start, (uint32_t)(model_end - model_start), NULL) < 0) {
    put_char('!');
    return 1;
  }
#ifdef NO_INDEX
  model.merge_index = NULL;
#endif
  start = instructions();
  count = tlm_encode(&model, text_start, bytes, tokens, sizeof tokens / sizeof *tokens);
  taken = instructions() - start;
  for (i = 0; i < count; i++) sum = sum * 31u + tokens[i];
  put_field("vocab", model.vocab);
  put_field("bytes", bytes);
  put_field("tokens", (uint32_t)count);
  put_field("instructions", taken);
  put_field("per_byte_x100", taken / bytes * 100u + taken % bytes * 100u / bytes);
  put_field("checksum", sum);
  put_char('\n');
  return 0;
}
