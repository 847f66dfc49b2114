/*
 * A board for main/ on the host, without a network: UART0 is stdin and stdout, partition and NVS are memory.
 * main.c, console.c, port.c and speed.c run as they are, on threads (freertos.c).
 *
 *   board [MODEL]            at a restart prints what NVS keeps, and ends with 0
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/uart.h"
#include "esp_cpu.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_partition.h"
#include "esp_random.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "host.h"
#include "nvs.h"
#include "nvs_flash.h"

#define PARTITION_BYTES (2u << 20)

void app_main(void);

/* ---- UART0 ---- */

esp_err_t uart_driver_install(uart_port_t port, int rx, int tx, int queue, QueueHandle_t *handle, int flags) {
  (void)queue, (void)handle, (void)flags;
  return port == UART_NUM_0 && rx > 128 && (tx == 0 || tx > 128) ? ESP_OK : ESP_FAIL;
}
esp_err_t uart_param_config(uart_port_t port, const uart_config_t *config) {
  return port == UART_NUM_0 && config->baud_rate > 0 ? ESP_OK : ESP_FAIL;
}
int uart_read_bytes(uart_port_t port, void *bytes, uint32_t n, TickType_t ticks) {
  struct pollfd p = {0, POLLIN, 0};
  (void)port, (void)ticks;
  return poll(&p, 1, 0) == 1 ? (int)read(0, bytes, n) : 0;
}
int uart_write_bytes(uart_port_t port, const void *bytes, size_t n) {
  (void)port;
  return (int)write(1, bytes, n);
}
esp_err_t uart_get_tx_buffer_free_size(uart_port_t port, size_t *n) {
  (void)port;
  *n = 100;
  return ESP_OK;
}

/* ---- flash ---- */

static uint32_t words[PARTITION_BYTES / 4];
static uint8_t *const flash = (uint8_t *)words;
static const esp_partition_t model_partition = {.type = (esp_partition_type_t)0x40,
                                                .address = 0x1A0000,
                                                .size = PARTITION_BYTES,
                                                .erase_size = 4096,
                                                .label = "model"};

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type, esp_partition_subtype_t subtype,
                                                const char *label) {
  return type == (esp_partition_type_t)0x40 && subtype == 0 && !strcmp(label, "model") ? &model_partition : NULL;
}
esp_err_t esp_partition_erase_range(const esp_partition_t *p, size_t offset, size_t n) {
  if (p != &model_partition || offset % 4096u || n % 4096u || offset + n > PARTITION_BYTES) return ESP_FAIL;
  memset(flash + offset, 0xFF, n);
  return ESP_OK;
}
esp_err_t esp_partition_write(const esp_partition_t *p, size_t offset, const void *data, size_t n) {
  const uint8_t *from = data;
  size_t i;
  if (p != &model_partition || offset + n > PARTITION_BYTES) return ESP_FAIL;
  for (i = 0; i < n; i++) flash[offset + i] &= from[i]; /* NOR: only an erase sets bits */
  return ESP_OK;
}
esp_err_t esp_partition_mmap(const esp_partition_t *p, size_t offset, size_t n, esp_partition_mmap_memory_t memory,
                             const void **out, esp_partition_mmap_handle_t *handle) {
  if (p != &model_partition || offset || n != PARTITION_BYTES || memory != ESP_PARTITION_MMAP_DATA) return ESP_FAIL;
  *out = flash;
  *handle = 1;
  return ESP_OK;
}

/* ---- NVS: a few texts ---- */

static struct {
  char key[16], value[80];
} kept[8];

esp_err_t nvs_flash_init(void) { return ESP_OK; }
esp_err_t nvs_flash_erase(void) { return ESP_OK; }
esp_err_t nvs_open(const char *space, nvs_open_mode_t mode, nvs_handle_t *handle) {
  (void)space, (void)mode;
  *handle = 1;
  return ESP_OK;
}
void nvs_close(nvs_handle_t handle) { (void)handle; }
esp_err_t nvs_commit(nvs_handle_t handle) {
  (void)handle;
  return ESP_OK;
}
esp_err_t nvs_get_str(nvs_handle_t handle, const char *key, char *value, size_t *n) {
  (void)handle;
  for (int i = 0; i < 8; i++) {
    if (strcmp(kept[i].key, key)) continue;
    if (strlen(kept[i].value) >= *n) return ESP_FAIL;
    *n = strlen(strcpy(value, kept[i].value)) + 1u;
    return ESP_OK;
  }
  return ESP_FAIL;
}
esp_err_t nvs_set_str(nvs_handle_t handle, const char *key, const char *value) {
  (void)handle;
  for (int i = 0; i < 8; i++) {
    if (kept[i].key[0] && strcmp(kept[i].key, key)) continue;
    snprintf(kept[i].key, sizeof kept[i].key, "%s", key);
    snprintf(kept[i].value, sizeof kept[i].value, "%s", value);
    return ESP_OK;
  }
  return ESP_FAIL;
}

/* ---- the rest ---- */

static int watched;

esp_err_t esp_task_wdt_add(TaskHandle_t task) {
  (void)task;
  watched = 1;
  return ESP_OK;
}
esp_err_t esp_task_wdt_reset(void) { return watched ? ESP_OK : ESP_FAIL; }
int64_t esp_timer_get_time(void) { return (int64_t)xTaskGetTickCount() * 1000; }
esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void) { return xTaskGetTickCount() * 240000u; }
uint32_t esp_random(void) { return 4; }
uint32_t esp_get_free_heap_size(void) { return (uint32_t)host_heap_free; }
uint32_t esp_get_minimum_free_heap_size(void) { return (uint32_t)host_heap_free; }
void esp_restart(void) {
  for (int i = 0; i < 8 && kept[i].key[0]; i++) fprintf(stderr, "kept %s: %s\n", kept[i].key, kept[i].value);
  _exit(0);
}
void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%d %s: ", (int)level, tag);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

int main(int argc, char **argv) {
  memset(flash, 0xFF, PARTITION_BYTES);
  if (argc > 1) {
    FILE *f = fopen(argv[1], "rb");
    if (!f || !fread(flash, 1, PARTITION_BYTES, f)) return 2;
    fclose(f);
  }
  host_heap_free = 200000;
  host_run_as_task(app_main);
  for (;;) pause();
}
