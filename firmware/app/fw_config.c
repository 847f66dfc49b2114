#include "fw_config.h"

enum { SSID, PASSWORD, TOKEN, NAME, ALLOW };

const char *const fw_config_keys[FW_CONFIG_KEYS] = {"ssid", "password", "token", "name", "allow"};

uint32_t fw_config_key(const char *name, uint32_t n) {
  uint32_t k = 0;
  while (k < FW_CONFIG_KEYS && !fw_equal(name, n, fw_config_keys[k])) k++;
  return k;
}

static int is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int is_hex(char c) { return is_alphanumeric(c) && (c <= '9' || (c | 32) <= 'f'); }

/* What is wrong with a value in words, or NULL. */
static const char *wrong_with(uint32_t key, const char *p, uint32_t n) {
  uint32_t i, hex = 0, visible = 0, host = 0;
  for (i = 0; i < n; i++) {
    if ((uint8_t)p[i] < 0x20u || p[i] == 0x7F) return "a kept text must have no control characters";
    hex += is_hex(p[i]) ? 1u : 0u;
    visible += (uint8_t)p[i] > 0x20u && (uint8_t)p[i] < 0x7Fu ? 1u : 0u;
    host += is_alphanumeric(p[i]) || p[i] == '-' ? 1u : 0u;
  }
  switch (key) {
    case SSID: return n <= 32u ? NULL : "a Wi-Fi name has at most 32 bytes";
    case PASSWORD:
      if (n == 0 || (n >= 8u && n <= 63u) || (n == 64u && hex == 64u)) return NULL;
      return "a Wi-Fi password has 8 to 63 bytes, or 64 hexadecimal digits, or is empty for an open network";
    case TOKEN:
      return n <= 64u && visible == n ? NULL
                                      : "a token has at most 64 characters: letters, digits and signs of ASCII, "
                                        "no spaces";
    case NAME:
      if (n && n <= 32u && host == n && p[0] != '-' && p[n - 1u] != '-') return NULL;
      return "a name has 1 to 32 letters, digits and hyphens, and a hyphen neither first nor last";
    default:
      if (n > FW_ALLOW_MAX) return "allow has at most 128 bytes";
      for (i = 0; i < n; i++) {
        if ((uint8_t)p[i] > 0x7Eu) return "allow is names and origins in ASCII, with spaces between them";
      }
      return NULL;
  }
}

static int keep(const fw_app *app, uint32_t key, const char *p, uint32_t n) {
  char value[FW_CONFIG_MAX];
  return fw_copy_text(value, sizeof value, p, n) && !app->port->config_set(app->port->user, fw_config_keys[key], value);
}

fw_error fw_config_change(fw_app *app, const fw_config *changes) {
  static const fw_error unsupported = {FW_ERR_UNSUPPORTED, "this device cannot keep it"};
  static const fw_error failed = {FW_ERR_STORAGE, "the flash could not be written; nothing was changed"};
  fw_error e = {FW_ERR_BAD_VALUE, NULL};
  char (*old)[FW_CONFIG_MAX] = (char (*)[FW_CONFIG_MAX])(void *)app->scratch;
  uint32_t k;
  typedef char old_values_fit[sizeof app->scratch >= FW_CONFIG_KEYS * FW_CONFIG_MAX ? 1 : -1];
  (void)sizeof(old_values_fit);
  for (k = 0; k < FW_CONFIG_KEYS; k++) {
    if (!changes->text[k]) continue;
    e.message = wrong_with(k, changes->text[k], changes->bytes[k]);
    if (e.message) return e;
  }
  if (!app->port->config_set || !app->port->config_get) return unsupported;
  for (k = 0; k < FW_CONFIG_KEYS; k++) {
    if (!changes->text[k]) continue;
    if (app->port->config_get(app->port->user, fw_config_keys[k], old[k])) old[k][0] = 0;
    if (keep(app, k, changes->text[k], changes->bytes[k])) continue;
    do {
      if (changes->text[k]) keep(app, k, old[k], fw_length(old[k]));
    } while (k--);
    return failed;
  }
  if (changes->text[TOKEN]) app->token_changes++;
  return fw_ok;
}

int fw_has_token(const fw_app *app) {
  char token[FW_CONFIG_MAX];
  return app->port->config_get && !app->port->config_get(app->port->user, "token", token) && token[0];
}
