/* The same program on this machine, without a counter: its checksum is what the others must give. */
#include <stdint.h>
#include <stdio.h>

void put_char(char c);
uint32_t instructions(void);
void put_char(char c) { putchar(c); }
uint32_t instructions(void) { return 0; }
