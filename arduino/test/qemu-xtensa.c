/* QEMU's Xtensa sim machine (lx106, call0 ABI; run with -semihosting -icount shift=5,sleep=off): text by simcalls. */
#include "machine.h"

enum { SYS_EXIT = 1, SYS_READ = 3, SYS_WRITE = 4, SYS_SELECT_ONE = 29 };

static int simcall(int number, int a, int b, int c) {
  register int a2 __asm__("a2") = number;
  register int a3 __asm__("a3") = a;
  register int a4 __asm__("a4") = b;
  register int a5 __asm__("a5") = c;
  __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
  return a2;
}

int machine_take(void) {
  static const int32_t at_once[2] = {0, 0};
  uint8_t byte = 0;
  if (simcall(SYS_SELECT_ONE, 0, 1, (int)at_once) <= 0) return -1;
  return simcall(SYS_READ, 0, (int)&byte, 1) == 1 ? byte : END;
}
void machine_put(uint8_t byte) { simcall(SYS_WRITE, 1, (int)&byte, 1); }
/* CCOUNT goes at 40 MHz of virtual time. */
uint32_t machine_micros(void) {
  static uint32_t seen, rest, micros;
  uint32_t now, passed;
  __asm__ volatile("rsr %0, ccount" : "=a"(now));
  passed = now - seen + rest;
  seen = now;
  micros += passed / 40u;
  rest = passed % 40u;
  return micros;
}
void machine_exit(int code) {
  simcall(SYS_EXIT, code, 0, 0);
  for (;;) {}
}

/* Literals come to stand before the code that loads them, so the reset address jumps over them. RAM is zero then. */
__asm__(
    ".section .start,\"ax\"\n.globl _reset\n_reset:\n  j _start\n.align 4\n.literal_position\n"
    ".globl _start\n_start:\n  movi a1, stack_top\n  movi a0, main\n  jx a0\n.text\n");

/* Debian's libgcc for the lx106 has no division. */
uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
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
