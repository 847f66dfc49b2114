/* A machine in memory for the libFuzzer harnesses: NOR flash, a clock that the input may move, kept texts. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_http.h"
#include "fw_session.h"

#define FLASH 16384u
#define MEMORY 16384u

static uint32_t flash_words[FLASH / 4];
static uint8_t *const flash = (uint8_t *)flash_words;
static uint8_t original[FLASH];
static uint32_t clock_now, clock_step = 50;
static int fail_write;
static char kept[FW_CONFIG_KEYS][FW_CONFIG_MAX];
static fw_port port;
static fw_app app;
static uint32_t *memory;

static uint32_t micros(void *u) {
  (void)u;
  return clock_now += clock_step;
}
static uint32_t random_bits(void *u) {
  (void)u;
  return 42;
}
static const uint8_t *region(void *u, uint32_t *n) {
  (void)u;
  *n = FLASH;
  return flash;
}
static int erase(void *u, uint32_t offset, uint32_t n) {
  (void)u;
  if (offset % FW_SECTOR || n % FW_SECTOR || offset > FLASH || n > FLASH - offset) abort();
  memset(flash + offset, 0xFF, n);
  return 0;
}
static int write_flash(void *u, uint32_t offset, const void *data, uint32_t n) {
  const uint8_t *p = data;
  uint32_t i;
  (void)u;
  if (offset % 4 || n % 4 || offset > FLASH || n > FLASH - offset) abort();
  for (i = 0; i < n; i++) flash[offset + i] &= p[i];
  return fail_write ? -1 : 0;
}
static int config_get(void *u, const char *key, char value[FW_CONFIG_MAX]) {
  const uint32_t k = fw_config_key(key, (uint32_t)strlen(key));
  (void)u;
  if (k == FW_CONFIG_KEYS || !kept[k][0]) return -1;
  memcpy(value, kept[k], FW_CONFIG_MAX);
  return 0;
}
static int config_set(void *u, const char *key, const char *value) {
  const uint32_t k = fw_config_key(key, (uint32_t)strlen(key));
  (void)u;
  if (k == FW_CONFIG_KEYS || strlen(value) >= FW_CONFIG_MAX) abort();
  if (fail_write) return -1;
  strcpy(kept[k], value);
  return 0;
}
static void restart(void *u) { (void)u; }
static void describe(void *u, fw_text *json) {
  (void)u;
  fw_member_string(json, "chip", "fuzz");
}

/* The model of the environment's MODEL, once. */
static void machine_once(void) {
  const char *path = getenv("MODEL");
  FILE *f = path ? fopen(path, "rb") : NULL;
  memset(original, 0xFF, sizeof original);
  if (!f || !fread(original, 1, sizeof original, f)) {
    fprintf(stderr, "MODEL must name a model file\n");
    exit(2);
  }
  fclose(f);
  memory = malloc(MEMORY); /* not static: the sanitizer sees what is beyond its end */
  port.micros = micros;
  port.random = random_bits;
  port.model_region = region;
  port.model_erase = erase;
  port.model_write = write_flash;
  port.config_get = config_get;
  port.config_set = config_set;
  port.restart = restart;
  port.describe = describe;
}

/* A device that has just started; bits of `mode` choose its circumstances. */
static void machine_start(uint8_t mode) {
  static int once;
  if (!once++) machine_once();
  memcpy(flash, original, sizeof original);
  memset(kept, 0, sizeof kept);
  if (mode & 8) strcpy(kept[2], "x");
  if (mode & 64) strcpy(kept[4], "http://a.b c.d");
  strcpy(kept[3], "tinylm");
  fail_write = (mode & 16) != 0;
  clock_now = mode & 32 ? 0xFFFF0000u : 1000u;
  clock_step = 50;
  fw_app_init(&app, &port, memory, MEMORY);
}

static void die(const char *why) {
  fprintf(stderr, "FAIL: %s\n", why);
  abort();
}

#endif
