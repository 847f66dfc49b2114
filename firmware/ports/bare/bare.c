#include "bare.h"

/*
 * Bytes for the engine: the default model needs 8,312. With this all of RAM (data, application, session, engine, stack)
 * stays within 32 KB; the linker scripts insist.
 */
#ifndef FW_ENGINE_BYTES
#define FW_ENGINE_BYTES 18432
#endif

static fw_app app;
static fw_session session;
static uint32_t engine_memory[FW_ENGINE_BYTES / 4];

#define PAINT 0x5AFE57ACu

/* Fills what is free of the stack, so that its deepest use can be seen later. */
static void __attribute__((noinline)) paint_stack(void) {
  const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  volatile uint32_t *p;
  for (p = stack_bottom; (uintptr_t)p < here - 128u; p++) *p = PAINT;
}

static uint32_t stack_free(void) {
  const volatile uint32_t *p = stack_bottom;
  while (p < stack_top && *p == PAINT) p++;
  return (uint32_t)(p - stack_bottom) * 4u;
}

static void describe(void *user, fw_text *json) {
  const uint32_t stack = (uint32_t)(stack_top - stack_bottom) * 4u;
  (void)user;
  fw_member_string(json, "chip", machine_chip);
  fw_member_string(json, "port", "bare");
  fw_member_u32(json, "ram_bytes", (uint32_t)(ram_end - ram_start) * 4u);
  fw_member_u32(json, "stack_bytes", stack);
  fw_member_u32(json, "stack_free_min", stack_free());
}

static uint32_t micros(void *user) {
  (void)user;
  return machine_micros();
}
static uint32_t cycles(void *user) {
  (void)user;
  return machine_cycles();
}
static uint32_t random_bits(void *user) {
  (void)user;
  return machine_random();
}
static const uint8_t *region(void *user, uint32_t *bytes) {
  (void)user;
  return machine_region(bytes);
}
static int erase(void *user, uint32_t offset, uint32_t n) {
  (void)user;
  return machine_erase(offset, n);
}
static int write_flash(void *user, uint32_t offset, const void *data, uint32_t n) {
  (void)user;
  return machine_write_flash(offset, data, n);
}
static void restart(void *user) {
  (void)user;
  machine_restart();
}
static int32_t take(void *user, uint8_t *bytes, uint32_t n) {
  (void)user;
  return machine_read(bytes, n);
}
static int32_t give(void *user, const uint8_t *bytes, uint32_t n) {
  (void)user;
  return machine_write(bytes, n);
}

static const fw_port port = {
  .micros = micros,
  .cycles = cycles,
  .counter = machine_counter,
  .random = random_bits,
  .model_region = region,
  .model_erase = erase,
  .model_write = write_flash,
  .restart = restart,
  .describe = describe,
};
static const fw_byte_port line = {NULL, take, give};

int main(void);
int main(void) {
  paint_stack();
  machine_init();
  fw_app_init(&app, &port, engine_memory, sizeof engine_memory);
  fw_session_open(&session, &app, &line, 0, machine_echo);
  for (;;) {
    const int working = fw_app_poll(&app);
    const int moved = fw_session_poll(&session);
    if (!working && !moved && app.job.kind == FW_JOB_NONE) machine_idle();
  }
}
