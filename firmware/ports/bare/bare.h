/*
 * The application on a machine without an operating system: one session, all memory static. A machine gives the
 * functions below; bare.c has main().
 */
#ifndef BARE_H
#define BARE_H

#include "fw_session.h"

/* What the machine gives. */
void machine_init(void);
/* The session's bytes; neither waits. */
int32_t machine_read(uint8_t *bytes, uint32_t n);
int32_t machine_write(const uint8_t *bytes, uint32_t n);
/* Called when there was nothing to do: may wait for input. */
void machine_idle(void);
uint32_t machine_micros(void);
uint32_t machine_cycles(void);
uint32_t machine_random(void);
void machine_restart(void);
const uint8_t *machine_region(uint32_t *bytes);
int machine_erase(uint32_t offset, uint32_t n);
int machine_write_flash(uint32_t offset, const void *data, uint32_t n);
extern const char machine_chip[];    /* for info */
extern const char machine_counter[]; /* what machine_cycles counts */
extern const int machine_echo;       /* whether a person's terminal is at the other end */

/* From the linker script. */
extern uint32_t stack_bottom[], stack_top[], ram_start[], ram_end[];

#endif
