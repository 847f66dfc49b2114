/* Texts that the device keeps: what they may be, and changing several at once, all or none. */
#ifndef FW_CONFIG_H
#define FW_CONFIG_H

#include "fw_state.h"

#define FW_CONFIG_KEYS 5u
/* ssid, password, token, name, allow: the names under which a port keeps them. */
extern const char *const fw_config_keys[FW_CONFIG_KEYS];

/* The index of a key, FW_CONFIG_KEYS when there is none of that name. */
uint32_t fw_config_key(const char *name, uint32_t n);

/* New values by key; NULL leaves the old one. */
typedef struct fw_config {
  const char *text[FW_CONFIG_KEYS];
  uint32_t bytes[FW_CONFIG_KEYS];
} fw_config;

/* Checks all, then keeps all; when the flash fails in the middle, the old ones are put back. Uses app->scratch. */
fw_error fw_config_change(fw_app *app, const fw_config *changes);

/* Whether the device has a token. */
int fw_has_token(const fw_app *app);

#endif
