/* UART0, and USB-Serial-JTAG where there is one. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "shared.h"

void console_init(void);
int console_poll(void);

#endif
