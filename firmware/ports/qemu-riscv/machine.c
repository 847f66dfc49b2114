/*
 * QEMU's riscv32 virt machine (run with -icount shift=0): 16550 UART, test device for the exit, CLINT for time. The
 * model lies at 0x84000000 (-device loader,file=…,addr=0x84000000,force-raw=on) in RAM that behaves as NOR flash.
 */
#include "bare.h"

#define UART ((volatile uint8_t *)0x10000000u)
#define FLASH ((uint8_t *)0x84000000u)
#define FLASH_BYTES 0x100000u

const char machine_chip[] = "qemu-rv32imc";
const char machine_counter[] = "instructions";
const int machine_echo = 0;

void machine_init(void) {
  uint32_t i;
  if (fw_load32(FLASH)) return;
  for (i = 0; i < FLASH_BYTES; i++) FLASH[i] = 0xFF; /* nothing was loaded */
}

int32_t machine_read(uint8_t *bytes, uint32_t n) {
  uint32_t got = 0;
  while (got < n && (UART[5] & 1)) bytes[got++] = UART[0];
  return (int32_t)got;
}

int32_t machine_write(const uint8_t *bytes, uint32_t n) {
  uint32_t sent = 0;
  while (sent < n && (UART[5] & 0x20)) UART[0] = bytes[sent++];
  return (int32_t)sent;
}

void machine_idle(void) {}

/* mtime counts at 10 MHz. The high word is read twice in case the low one wraps in between. */
uint32_t machine_micros(void) {
  volatile uint32_t *mtime = (volatile uint32_t *)0x0200BFF8u;
  uint32_t low, high;
  do {
    high = mtime[1];
    low = mtime[0];
  } while (high != mtime[1]);
  return (uint32_t)(((uint64_t)high << 32 | low) / 10u);
}

uint32_t machine_cycles(void) {
  uint32_t v;
  __asm__ volatile("csrr %0, minstret" : "=r"(v));
  return v;
}

uint32_t machine_random(void) { return machine_cycles() * 2654435761u; }

void machine_restart(void) {
  *(volatile uint32_t *)0x100000u = 0x5555u;
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

/* RAM is zero at reset. */
__asm__(".section .start,\"ax\"\n.globl _start\n_start:\n  la sp, stack_top\n  call main\n1:  j 1b\n");
