#include "host.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static uint32_t micros(void *user) {
  const host *h = user;
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint32_t)(((uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u) * h->clock_rate);
}

static uint32_t random_bits(void *user) {
  uint32_t v = 0;
  (void)user;
  if (getrandom(&v, sizeof v, 0) != (ssize_t)sizeof v) abort();
  return v;
}

static uint32_t unix_time(void *user) {
  (void)user;
  return (uint32_t)time(NULL);
}

static void log_line(void *user, const char *text) {
  (void)user;
  fprintf(stderr, "%s\n", text);
}

static const uint8_t *region(void *user, uint32_t *bytes) {
  const host *h = user;
  *bytes = h->flash_bytes;
  return h->flash;
}

static int erase(void *user, uint32_t offset, uint32_t n) {
  host *h = user;
  if (offset % FW_SECTOR || n % FW_SECTOR || offset > h->flash_bytes || n > h->flash_bytes - offset) return -1;
  memset(h->flash + offset, 0xFF, n);
  return 0;
}

static int write_flash(void *user, uint32_t offset, const void *data, uint32_t n) {
  host *h = user;
  const uint8_t *p = data;
  uint32_t i;
  if (offset % 4 || n % 4 || (uintptr_t)data % 4 || offset > h->flash_bytes || n > h->flash_bytes - offset) return -1;
  for (i = 0; i < n; i++) h->flash[offset + i] &= p[i];
  return 0;
}

static uint32_t key_index(const char *key) { return fw_config_key(key, fw_length(key)); }

static int config_get(void *user, const char *key, char value[FW_CONFIG_MAX]) {
  const host *h = user;
  const uint32_t i = key_index(key);
  if (i == FW_CONFIG_KEYS || !h->config[i][0]) return -1;
  memcpy(value, h->config[i], FW_CONFIG_MAX);
  return 0;
}

static int config_set(void *user, const char *key, const char *value) {
  host *h = user;
  const uint32_t i = key_index(key);
  if (i == FW_CONFIG_KEYS) return -1;
  snprintf(h->config[i], FW_CONFIG_MAX, "%s", value);
  return 0;
}

static void restart(void *user) { ((host *)user)->restart = 1; }

static void describe(void *user, fw_text *json) {
  (void)user;
  fw_member_string(json, "chip", "host");
  fw_member_string(json, "port", "posix");
}

void host_port(host *h, fw_port *port) {
  memset(port, 0, sizeof *port);
  port->user = h;
  port->micros = micros;
  port->random = random_bits;
  port->unix_time = unix_time;
  port->log = log_line;
  port->model_region = region;
  port->model_erase = erase;
  port->model_write = write_flash;
  port->config_get = config_get;
  port->config_set = config_set;
  port->restart = restart;
  port->describe = describe;
}

int host_load(host *h, const char *path) {
  FILE *f = fopen(path, "rb");
  size_t n;
  int more;
  if (!f) return -1;
  n = fread(h->flash, 1, h->flash_bytes, f);
  more = fgetc(f) != EOF;
  fclose(f);
  return n == 0 || more ? -1 : 0;
}

void host_wait(const int *fds, int count, int ms) {
  struct pollfd p[16];
  int i, n = 0;
  for (i = 0; i < count && n < 16; i++) {
    if (fds[i] < 0) continue;
    p[n].fd = fds[i];
    p[n].events = POLLIN;
    n++;
  }
  poll(p, (nfds_t)n, ms);
}
