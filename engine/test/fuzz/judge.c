/*
 * Judges files as the engine does: reads a u32 length (little-endian) and so many bytes, again and again, from standard input,
 * and writes a line for each: the code of tlm_open, and where it broke a rule. test/judged-alike.test.ts holds it against readTlm.
 */
#include "tinylm.h"
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  uint8_t head[4];
  while (fread(head, 1, 4, stdin) == 4) {
    const uint32_t n = head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
    uint8_t *file = (uint8_t *)malloc(n ? n : 1u);
    tlm_model model;
    tlm_fault fault;
    if (!file || fread(file, 1, n, stdin) != n) return 1;
    printf("%d %lu\n", tlm_open(&model, file, n, &fault), (unsigned long)fault.offset);
    free(file);
  }
  return 0;
}
