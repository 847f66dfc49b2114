/*
 * ESP32-C3 without bootloader and without ESP-IDF ("direct boot"). EXPERIMENTAL: it has run on the virtual ESP32-C3 of
 * this repository only, never on a chip. No Wi-Fi; the clock stays what the ROM leaves.
 *
 * Registers and their bits: components/soc/esp32c3/register/soc of ESP-IDF v5.5; addresses of ROM functions: its
 * esp32c3.rom.ld and esp32c3.rom.api.ld; cycle counter CSRs: its rv_utils.h; all compared one by one. The scheme:
 * espressif/esp32c3-direct-boot-example. Needs chip revision v0.3 or later, no secure boot.
 */
#include "bare.h"

#define REG(address) (*(volatile uint32_t *)(address))

#define USB_FIFO REG(0x60043000u)
#define USB_STATUS REG(0x60043004u)
#define USB_WRITE_DONE 1u
#define USB_ROOM 2u
#define USB_DATA 4u
#define UART_FIFO REG(0x60000000u)
#define UART_STATUS REG(0x6000001Cu)
#define UART_DEPTH 128u
#define RTC_WDT_CONFIG REG(0x60008090u)
#define RTC_WDT_PROTECT REG(0x600080A8u)
#define SUPER_WDT_CONFIG REG(0x600080ACu)
#define SUPER_WDT_PROTECT REG(0x600080B0u)
#define WDT_KEY 0x50D83AA1u
#define SUPER_WDT_KEY 0x8F1D312Au
#define SUPER_WDT_AUTO_FEED 0x80000000u
#define TIMG_WDT_CONFIG(group) REG(0x6001F048u + 0x1000u * (group))
/* Takes over what is written along with it: without it the mode of flash boot would stay on. */
#define TIMG_WDT_UPDATE 0x400000u
#define TIMG_WDT_PROTECT(group) REG(0x6001F064u + 0x1000u * (group))
#define SYSTIMER_OP REG(0x60023004u)
#define SYSTIMER_HIGH REG(0x60023040u)
#define SYSTIMER_LOW REG(0x60023044u)
#define RANDOM REG(0x600260B0u)

#define CODE_TO_RAM_BUS 0x700000u /* SRAM1: data at 0x3FC80000, code at 0x40380000 */
#define FLASH_MAP 0x3C000000u
#define FLASH_MAP_BYTES 0x400000u
#define TABLE_OFFSET 0x8000u

const char machine_chip[] = "esp32c3";
const char machine_counter[] = "cycles";
const int machine_echo = 1;

enum { NOBODY, USB, UART };
static uint8_t speaker; /* where input came from last: output goes there */

static uint32_t model_offset, model_bytes;

/* The table that the flash tools read: nvs for ESP-IDF's sake, the program, the model (firmware/partitions.csv). */
static const struct __attribute__((packed)) {
  uint8_t magic[2], type, subtype;
  uint32_t offset, bytes;
  char name[16];
  uint32_t flags;
} table[] __attribute__((section(".partition_table"), used)) = {
  {{0xAA, 0x50}, 1, 2, 0x9000, 0x6000, "nvs", 0},
  {{0xAA, 0x50}, 1, 1, 0xF000, 0x1000, "phy_init", 0},
  {{0xAA, 0x50}, 0, 0, 0x10000, 0x190000, "factory", 0},
  {{0xAA, 0x50}, 0x40, 0, 0x1A0000, 0x200000, "model", 0},
};

static void watchdogs_off(void) {
  uint32_t group;
  RTC_WDT_PROTECT = WDT_KEY;
  RTC_WDT_CONFIG = 0;
  SUPER_WDT_PROTECT = SUPER_WDT_KEY;
  SUPER_WDT_CONFIG |= SUPER_WDT_AUTO_FEED;
  for (group = 0; group < 2u; group++) {
    TIMG_WDT_PROTECT(group) = WDT_KEY;
    TIMG_WDT_CONFIG(group) = TIMG_WDT_UPDATE;
  }
}

/* The model's partition as the table in flash has it now: a flash tool may have written another. */
static void find_model(void) {
  const uint8_t *p = (const uint8_t *)(FLASH_MAP + TABLE_OFFSET);
  uint32_t i;
  for (i = 0; i < 96u && p[0] == 0xAA && p[1] == 0x50; i++, p += 32) {
    const uint32_t offset = fw_load32(p + 4), bytes = fw_load32(p + 8);
    if (p[2] != 0x40 || offset % FW_SECTOR || offset >= FLASH_MAP_BYTES || bytes > FLASH_MAP_BYTES - offset) continue;
    model_offset = offset;
    model_bytes = bytes & ~(FW_SECTOR - 1u);
    return;
  }
}

void machine_init(void) {
  watchdogs_off();
  __asm__ volatile("csrw 0x7e0, %0\n csrw 0x7e1, %0" : : "r"(1)); /* count cycles; go */
  find_model();
}

int32_t machine_read(uint8_t *bytes, uint32_t n) {
  uint32_t got = 0;
  while (got < n && (USB_STATUS & USB_DATA)) {
    bytes[got++] = (uint8_t)USB_FIFO;
    speaker = USB;
  }
  while (got < n && (UART_STATUS & 0x3FFu)) {
    bytes[got++] = (uint8_t)UART_FIFO;
    speaker = UART;
  }
  return (int32_t)got;
}

static int uart_has_room(void) { return (UART_STATUS >> 16 & 0x3FFu) < UART_DEPTH - 1u; }

int32_t machine_write(const uint8_t *bytes, uint32_t n) {
  uint32_t sent = 0;
  /* Until somebody has spoken both are told; USB has no room while no host is there. */
  while (sent < n && (speaker == USB ? (USB_STATUS & USB_ROOM) != 0u : uart_has_room())) {
    if (speaker != USB) UART_FIFO = bytes[sent];
    if (speaker != UART && (USB_STATUS & USB_ROOM)) USB_FIFO = bytes[sent];
    sent++;
  }
  if (sent && speaker != UART) USB_STATUS = USB_WRITE_DONE;
  return (int32_t)sent;
}

void machine_idle(void) {}

/* SYSTIMER: 52 bits at 16 MHz. */
uint32_t machine_micros(void) {
  SYSTIMER_OP = 1u << 30;
  while (!(SYSTIMER_OP & 1u << 29)) {}
  {
    const uint32_t low = SYSTIMER_LOW;
    return SYSTIMER_HIGH << 28 | low >> 4;
  }
}

uint32_t machine_cycles(void) {
  uint32_t v;
  __asm__ volatile("csrr %0, 0x7e2" : "=r"(v));
  return v;
}

uint32_t machine_random(void) { return RANDOM; }

void machine_restart(void) {
  ((void (*)(void))0x40000090u)(); /* software_reset */
  for (;;) {}
}

const uint8_t *machine_region(uint32_t *bytes) {
  *bytes = model_bytes;
  return model_bytes ? (const uint8_t *)(FLASH_MAP + model_offset) : NULL;
}

/* ---- flash: ROM functions, called from RAM while the cache rests ---- */

enum { ERASE, WRITE };

#define ROM_Cache_Suspend_ICache ((uint32_t (*)(void))0x40000524u)
#define ROM_Cache_Resume_ICache ((void (*)(uint32_t))0x40000528u)
#define ROM_Cache_Invalidate_ICache_All ((void (*)(void))0x400004D8u)
#define ROM_spiflash_unlock ((int (*)(void))0x40000140u)
#define ROM_spiflash_erase_sector ((int (*)(uint32_t sector))0x40000128u)
#define ROM_spiflash_write ((int (*)(uint32_t to, const void *from, uint32_t n))0x4000012Cu)

static int
    __attribute__((noinline, section(".ram_code"))) flash_op(int what, uint32_t offset, const void *data, uint32_t n) {
  const uint32_t autoload = ROM_Cache_Suspend_ICache();
  int code = ROM_spiflash_unlock();
  if (!code && what == ERASE) code = ROM_spiflash_erase_sector(offset / 4096u);
  if (!code && what == WRITE) code = ROM_spiflash_write(offset, data, n);
  ROM_Cache_Invalidate_ICache_All();
  ROM_Cache_Resume_ICache(autoload);
  return code;
}

typedef int (*flash_function)(int what, uint32_t offset, const void *data, uint32_t n);
static flash_function from_ram(void) { return (flash_function)((uintptr_t)flash_op + CODE_TO_RAM_BUS); }

int machine_erase(uint32_t offset, uint32_t n) {
  for (; n; n -= FW_SECTOR, offset += FW_SECTOR) {
    if (offset + FW_SECTOR > model_bytes || from_ram()(ERASE, model_offset + offset, NULL, 0)) return -1;
  }
  return 0;
}

int machine_write_flash(uint32_t offset, const void *data, uint32_t n) {
  if (offset > model_bytes || n > model_bytes - offset) return -1;
  return from_ram()(WRITE, model_offset + offset, data, n) ? -1 : 0;
}

/* ---- start ---- */

int main(void);
void start(void);
extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[];

void start(void) {
  uint32_t *to = data_start;
  const uint32_t *from = data_load;
  while (to < data_end) *to++ = *from++;
  for (to = bss_start; to < bss_end; to++) *to = 0;
  main();
}

__asm__(
    ".section .entry,\"ax\"\n.globl entry\nentry:\n"
    "  la sp, stack_top\n"
    "  la t0, start\n"
    "  jr t0\n");
