/*
 * What the application needs from the machine it runs on. A port fills these in; the application calls them from one
 * thread at a time. `user` is passed back as it was given. Functions marked "may be NULL" are optional.
 */
#ifndef FW_PORT_H
#define FW_PORT_H

#include <stdint.h>

#include "fw_protocol.h"
#include "fw_util.h"
#include "tinylm.h"

/* Bytes of a value kept by config_set, with its zero. */
#define FW_CONFIG_MAX (FW_ALLOW_MAX + 1)

typedef struct fw_port {
  void *user;

  /* Microseconds since any moment; wraps. */
  uint32_t (*micros)(void *user);
  /* A counter of CPU cycles or instructions, whose name is `counter`; wraps. May be NULL. */
  uint32_t (*cycles)(void *user);
  const char *counter;
  /* 32 random bits, for seeds. */
  uint32_t (*random)(void *user);
  /* Seconds since 1970, 0 when not known. May be NULL. */
  uint32_t (*unix_time)(void *user);
  /* A line for whoever watches the device. May be NULL. */
  void (*log)(void *user, const char *line);

  /*
   * The model's region of flash as memory that stays where it is, and its size in *bytes; NULL when there is none.
   * After a write or an erase the memory shows the new contents.
   */
  const uint8_t *(*model_region)(void *user, uint32_t *bytes);
  /* Erases; offset and n are multiples of 4096 (flash sectors). 0 when it worked. May be NULL: no uploads. */
  int (*model_erase)(void *user, uint32_t offset, uint32_t n);
  /* Writes to erased flash; offset, n and the address of data are multiples of 4. 0 when it worked. */
  int (*model_write)(void *user, uint32_t offset, const void *data, uint32_t n);
  /* A model was opened and its engine made, before the first step: for relocation and parallel rows. May be NULL. */
  void (*model_opened)(void *user, tlm_model *model, tlm_engine *engine);
  /* The model is about to be closed: what model_opened copied is free again. May be NULL. */
  void (*model_closing)(void *user);

  /*
   * Texts that outlive a restart: ssid, password, token, name, allow (fw_config.h). get returns 0 and fills value, or −1 when it has none;
   * set returns 0, or −1 when it cannot; a value "" removes it. May be NULL.
   */
  int (*config_get)(void *user, const char *key, char value[FW_CONFIG_MAX]);
  int (*config_set)(void *user, const char *key, const char *value);
  /* Starts the device again. May be NULL. */
  void (*restart)(void *user);
  /* Adds members to info's `device` object: chip, clock_mhz, flash, heap_min_free, stack_min_free … */
  void (*describe)(void *user, fw_text *json);
} fw_port;

/* A stream of bytes to one client. Neither function waits. */
typedef struct fw_byte_port {
  void *user;
  /* Takes up to n bytes; returns how many, or −1 when the client is gone for good. */
  int32_t (*read)(void *user, uint8_t *bytes, uint32_t n);
  /* Gives up to n bytes; returns how many were accepted, or −1 when the client is gone for good. */
  int32_t (*write)(void *user, const uint8_t *bytes, uint32_t n);
} fw_byte_port;

#endif
