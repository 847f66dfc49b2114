/* WebSockets as sessions. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "shared.h"

int sockets_open(void *server, int fd);
/* Bytes that came; 0 when the socket must be closed. */
int sockets_receive(int fd, const uint8_t *bytes, uint32_t n);
void sockets_closed(int fd);
/* Under the lock. */
int sockets_poll(void);

#endif
