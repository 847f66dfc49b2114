/*
 * Start, console and instruction counter on QEMU's Xtensa sim machine (lx106, call0 ABI; needs
 * -semihosting and -icount shift=5,sleep=off: CCOUNT then is instructions · 32 / 25). RAM is zero at reset.
 */
#include <stddef.h>
#include <stdint.h>

int main(void);
void put_char(char c);
uint32_t instructions(void);
void run(void);

static int simcall(int number, int a, int b, int c) {
  register int a2 __asm__("a2") = number;
  register int a3 __asm__("a3") = a;
  register int a4 __asm__("a4") = b;
  register int a5 __asm__("a5") = c;
  __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
  return a2;
}

void put_char(char c) { simcall(4, 1, (int)&c, 1); }

uint32_t instructions(void) {
  uint32_t v;
  __asm__ volatile("rsr %0, ccount" : "=a"(v));
  return v / 32u * 25u + v % 32u * 25u / 32u;
}

void run(void) {
  const int code = main();
  simcall(1, code, 0, 0);
  for (;;) {}
}

/* Literals come to stand before the code that loads them, so the reset address jumps over them. */
__asm__(
    ".section .start,\"ax\"\n.globl _reset\n_reset:\n  j _start\n.align 4\n.literal_position\n"
    ".globl _start\n_start:\n  movi a1, stack_top\n  movi a0, run\n  jx a0\n.text\n");

/* Debian's libgcc for the lx106 has no division. */
uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
int32_t __divsi3(int32_t a, int32_t b);
uint32_t __udivsi3(uint32_t a, uint32_t b) {
  uint32_t q = 0, r = 0;
  int i;
  for (i = 31; i >= 0; i--) {
    r = r << 1 | (a >> i & 1u);
    if (r >= b) {
      r -= b;
      q |= (uint32_t)1 << i;
    }
  }
  return q;
}
uint32_t __umodsi3(uint32_t a, uint32_t b) { return a - __udivsi3(a, b) * b; }
int32_t __divsi3(int32_t a, int32_t b) {
  const uint32_t q = __udivsi3(a < 0 ? 0u - (uint32_t)a : (uint32_t)a, b < 0 ? 0u - (uint32_t)b : (uint32_t)b);
  return (int32_t)((a < 0) != (b < 0) ? 0u - q : q);
}

/* The compiler may call these two of its own accord. */
void *memcpy(void *to, const void *from, size_t n) {
  uint8_t *t = to;
  const uint8_t *f = from;
  while (n--) *t++ = *f++;
  return to;
}
void *memset(void *to, int v, size_t n) {
  uint8_t *t = to;
  while (n--) *t++ = (uint8_t)v;
  return to;
}
