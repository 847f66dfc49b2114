#include "port.h"

#include "fw_config.h"

#include "esp_cpu.h"
#include "esp_log.h"
#include "esp_partition.h"
#include "esp_random.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "nvs.h"
#include "speed.h"

#define SPACE "tinylm"

static const esp_partition_t *partition;
static const void *mapped;

static uint32_t micros(void *user) {
  (void)user;
  return (uint32_t)esp_timer_get_time();
}

static uint32_t cycles(void *user) {
  (void)user;
  return (uint32_t)esp_cpu_get_cycle_count();
}

static uint32_t random_bits(void *user) {
  (void)user;
  return esp_random();
}

static void log_line(void *user, const char *line) {
  (void)user;
  ESP_LOGW("tinylm", "%s", line);
}

/* ---- the model's partition: mapped once, for good ---- */

static const uint8_t *region(void *user, uint32_t *bytes) {
  (void)user;
  if (!mapped) return NULL;
  *bytes = partition->size;
  return (const uint8_t *)mapped;
}

static int erase(void *user, uint32_t offset, uint32_t n) {
  (void)user;
  return esp_partition_erase_range(partition, offset, n) == ESP_OK ? 0 : -1;
}

static int write_flash(void *user, uint32_t offset, const void *data, uint32_t n) {
  (void)user;
  return esp_partition_write(partition, offset, data, n) == ESP_OK ? 0 : -1;
}

static void map_model(void) {
  static esp_partition_mmap_handle_t handle;
  partition = esp_partition_find_first((esp_partition_type_t)0x40, (esp_partition_subtype_t)0, "model");
  if (!partition) {
    ESP_LOGE("tinylm", "the partition table has no partition called model (type 0x40)");
    return;
  }
  if (esp_partition_mmap(partition, 0, partition->size, ESP_PARTITION_MMAP_DATA, &mapped, &handle) != ESP_OK) {
    ESP_LOGE("tinylm", "the model's partition cannot be mapped");
    mapped = NULL;
  }
}

/* ---- texts in NVS ---- */

int port_config(const char *key, char value[FW_CONFIG_MAX]) {
  const char *configured = "";
  size_t n = FW_CONFIG_MAX;
  nvs_handle_t nvs;
  if (nvs_open(SPACE, NVS_READONLY, &nvs) == ESP_OK) {
    const esp_err_t e = nvs_get_str(nvs, key, value, &n);
    nvs_close(nvs);
    if (e == ESP_OK) return value[0] ? 0 : -1;
  }
#if CONFIG_TINYLM_WIFI
  if (fw_equal(key, fw_length(key), "ssid")) configured = CONFIG_TINYLM_WIFI_SSID;
  if (fw_equal(key, fw_length(key), "password")) configured = CONFIG_TINYLM_WIFI_PASSWORD;
  if (fw_equal(key, fw_length(key), "token")) configured = CONFIG_TINYLM_TOKEN;
  if (fw_equal(key, fw_length(key), "name")) configured = CONFIG_TINYLM_HOSTNAME;
  if (fw_equal(key, fw_length(key), "allow")) configured = CONFIG_TINYLM_ALLOW;
#endif
  return configured[0] && fw_copy_text(value, FW_CONFIG_MAX, configured, fw_length(configured)) ? 0 : -1;
}

static int config_get(void *user, const char *key, char value[FW_CONFIG_MAX]) {
  (void)user;
  return port_config(key, value);
}

static int config_set(void *user, const char *key, const char *value) {
  nvs_handle_t nvs;
  esp_err_t e;
  (void)user;
  if (nvs_open(SPACE, NVS_READWRITE, &nvs) != ESP_OK) return -1;
  e = nvs_set_str(nvs, key, value); /* "" is kept too: it takes the place of what menuconfig says */
  if (e == ESP_OK) e = nvs_commit(nvs);
  nvs_close(nvs);
  return e == ESP_OK ? 0 : -1;
}

static void restart(void *user) {
  (void)user;
  esp_restart();
}

static void describe(void *user, fw_text *json) {
  (void)user;
  fw_member_string(json, "chip", CONFIG_IDF_TARGET);
  fw_member_string(json, "port", "esp-idf");
  fw_member_u32(json, "clock_mhz", CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ);
#if CONFIG_ESPTOOLPY_FLASHMODE_QIO
  fw_member_string(json, "flash_mode", "qio");
#else
  fw_member_string(json, "flash_mode", CONFIG_ESPTOOLPY_FLASHMODE);
#endif
  fw_member_string(json, "flash_freq", CONFIG_ESPTOOLPY_FLASHFREQ);
  fw_member_u32(json, "cores", speed_cores());
  fw_member_u32(json, "sram_weights", speed_sram_bytes());
  fw_member_u32(json, "heap_free", esp_get_free_heap_size());
  fw_member_u32(json, "heap_min_free", esp_get_minimum_free_heap_size());
  fw_member_u32(json, "stack_free_min", generation_stack_free());
}

void port_init(fw_port *port) {
  map_model();
  port->micros = micros;
  port->cycles = cycles;
  port->counter = "cycles";
  port->random = random_bits;
  port->log = log_line;
  port->model_region = region;
  port->model_erase = erase;
  port->model_write = write_flash;
  port->model_opened = speed_model_opened;
  port->model_closing = speed_model_closing;
  port->config_get = config_get;
  port->config_set = config_set;
  port->restart = restart;
  port->describe = describe;
}
