/* Flash, clock, settings that last, description. */
#ifndef PORT_H
#define PORT_H

#include "shared.h"

/* Fills *port; call after nvs_flash_init. */
void port_init(fw_port *port);
/* Reads a kept text, or else menuconfig's; 0 when there is one. */
int port_config(const char *key, char value[FW_CONFIG_MAX]);

#endif
