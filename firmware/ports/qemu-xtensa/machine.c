/*
 * QEMU's Xtensa sim machine (lx106, call0 ABI; run with -semihosting -icount shift=5,sleep=off): console by simcalls.
 * The model lies at 0x64000000 (-device loader,file=…,addr=0x64000000,force-raw=on) in RAM that behaves as NOR flash.
 */
#include "bare.h"

#define FLASH ((uint8_t *)0x64000000u)
#define FLASH_BYTES 0x100000u

enum { SYS_EXIT = 1, SYS_READ = 3, SYS_WRITE = 4, SYS_SELECT_ONE = 29 };

const char machine_chip[] = "qemu-lx106";
const char machine_counter[] = "instructions";
const int machine_echo = 0;

static int ended;

static int simcall(int number, int a, int b, int c) {
  register int a2 __asm__("a2") = number;
  register int a3 __asm__("a3") = a;
  register int a4 __asm__("a4") = b;
  register int a5 __asm__("a5") = c;
  __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
  return a2;
}

void machine_init(void) {
  uint32_t i;
  if (fw_load32(FLASH)) return;
  for (i = 0; i < FLASH_BYTES; i++) FLASH[i] = 0xFF; /* nothing was loaded */
}

int32_t machine_read(uint8_t *bytes, uint32_t n) {
  static const int32_t at_once[2] = {0, 0};
  int got;
  if (ended || simcall(SYS_SELECT_ONE, 0, 1, (int)at_once) <= 0) return 0;
  got = simcall(SYS_READ, 0, (int)bytes, (int)n);
  if (got <= 0) ended = 1;
  return got < 0 ? 0 : got;
}

int32_t machine_write(const uint8_t *bytes, uint32_t n) { return simcall(SYS_WRITE, 1, (int)bytes, (int)n); }

void machine_idle(void) {
  if (ended) machine_restart();
}

static uint32_t ccount(void) {
  uint32_t v;
  __asm__ volatile("rsr %0, ccount" : "=a"(v));
  return v;
}

/* CCOUNT goes at 40 MHz of virtual time. Its wraps are followed as long as this is called every 107 s of it. */
uint32_t machine_micros(void) {
  static uint32_t seen, rest, micros;
  const uint32_t now = ccount(), passed = now - seen + rest;
  seen = now;
  micros += passed / 40u;
  rest = passed % 40u;
  return micros;
}

/* An instruction is 32 ns of virtual time, a tick of CCOUNT 25 ns. */
uint32_t machine_cycles(void) {
  const uint32_t v = ccount();
  return v / 32u * 25u + v % 32u * 25u / 32u;
}

uint32_t machine_random(void) { return ccount() * 2654435761u; }

void machine_restart(void) {
  simcall(SYS_EXIT, 0, 0, 0);
  for (;;) {}
}

const uint8_t *machine_region(uint32_t *bytes) {
  *bytes = FLASH_BYTES;
  return FLASH;
}

int machine_erase(uint32_t offset, uint32_t n) {
  while (n--) FLASH[offset++] = 0xFF;
  return 0;
}

int machine_write_flash(uint32_t offset, const void *data, uint32_t n) {
  const uint8_t *p = data;
  while (n--) FLASH[offset++] &= *p++;
  return 0;
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
