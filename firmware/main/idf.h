/* The port for ESP-IDF: what its files share. */
#ifndef IDF_H
#define IDF_H

#include <stdbool.h>

#include "fw_http.h"
#include "fw_session.h"
#include "sdkconfig.h"

/*
 * The application is not reentrant: the generation task and the tasks of the HTTP server call it under this lock, which
 * the generation task lets go after each token.
 */
void app_lock(void);
void app_unlock(void);
extern fw_app app;

/* Flash, clock, settings that last, description (port.c). Fills *port; call after nvs_flash_init. */
void port_init(fw_port *port);
/* Reads a kept text, or else menuconfig's; 0 when there is one. */
int port_config(const char *key, char value[FW_CONFIG_MAX]);

/* UART0, and USB-Serial-JTAG where there is one (console.c). */
void console_init(void);
int console_poll(void);

/* Rows over both cores, matrices into SRAM (speed.c). */
void speed_model_opened(void *user, tlm_model *model, tlm_engine *engine);
void speed_model_closing(void *user);
uint32_t speed_sram_bytes(void);
uint32_t speed_cores(void);

/* The task that generates (main.c), for info's stack figure. */
uint32_t generation_stack_free(void);

/* Wi-Fi and mDNS (network.c); the HTTP server (web.c), and its WebSockets (sockets.c). */
void network_start(void);
void web_start(void);
int sockets_open(void *server, int fd);
/* Bytes that came; 0 when the socket must be closed. */
int sockets_receive(int fd, const uint8_t *bytes, uint32_t n);
void sockets_closed(int fd);
/* Under the lock. */
int sockets_poll(void);

#endif
