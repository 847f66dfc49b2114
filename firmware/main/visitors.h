/* The HTTP server's connections: who is here, and since when a request of theirs is being read. */
#ifndef VISITORS_H
#define VISITORS_H

#include "shared.h"

#if CONFIG_TINYLM_WIFI
#include "esp_http_server.h"

#define VISITORS 7 /* the server's sockets: ESP-IDF has 10, of which it keeps 3 */
#define PIECE_S 2  /* seconds that a piece of a request may take to come */

/* The server's open_fn: makes room, or turns the newcomer away. */
esp_err_t visitors_open(httpd_handle_t server, int fd);
/* A request of this connection is being answered (or it is a WebSocket), or no longer. */
void visitors_work(int fd, bool working);
void visitors_close(int fd);
#endif

#endif
