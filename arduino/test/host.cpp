/* The host as a machine; and a partition "model" from the file that TINYLM_PARTITION names. */
#include <esp_partition.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "machine.h"

int machine_take(void) {
  const int c = getchar();
  return c == EOF ? END : c;
}
void machine_put(uint8_t byte) { putchar(byte); }
uint32_t machine_micros(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint32_t)(t.tv_sec * 1000000 + t.tv_nsec / 1000);
}
void machine_exit(int code) { exit(code); }

static esp_partition_t model = {0x290000u, 0x100000u, "model"};
static uint32_t flash[0x100000 / 4];

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type, esp_partition_subtype_t, const char *) {
  const char *path = getenv("TINYLM_PARTITION");
  if (!path || (int)type != 0x40) return NULL;
  for (uint32_t &word : flash) word = 0xFFFFFFFFu;
  FILE *f = fopen(path, "rb");
  if (f) {
    if (!fread(flash, 1, sizeof flash, f)) perror(path);
    fclose(f);
  }
  return &model;
}

esp_err_t esp_partition_mmap(const esp_partition_t *, size_t offset, size_t, esp_partition_mmap_memory_t,
                             const void **out, esp_partition_mmap_handle_t *handle) {
  *out = (const uint8_t *)flash + offset;
  *handle = 1;
  return ESP_OK;
}
