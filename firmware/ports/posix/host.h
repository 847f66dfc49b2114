/* The port for Linux: what its files share. */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>

#include "fw_app.h"
#include "fw_http.h"
#include "fw_session.h"

typedef struct host {
  uint8_t *flash; /* behaves as NOR flash: writes clear bits, erases set them */
  uint32_t flash_bytes;
  uint32_t clock_rate; /* how much faster than real time the clock runs: for tests of time limits */
  int restart;         /* asked for */
  char config[FW_CONFIG_KEYS][FW_CONFIG_MAX];
} host;

/* Fills port with this machine's functions. */
void host_port(host *h, fw_port *port);
/* Reads a file into the start of the (erased) flash; 0 when it worked. */
int host_load(host *h, const char *path);
/* Waits for a moment, or until one of the descriptors has something. */
void host_wait(const int *fds, int count, int ms);

/* ---- streams of bytes (net.c) ---- */

typedef struct line {
  int in;
  int out;
  int pty;   /* in is the master of a pseudo-terminal, whose users come and go */
  int ended; /* no more input will come, but what there was is to be answered */
} line;

fw_byte_port line_port(line *l);
/* A pseudo-terminal; prints its path as "pty <path>". */
int line_open_pty(line *l);
/* Listens on 127.0.0.1; prints "<name> 127.0.0.1:<port>"; −1 when it cannot. */
int listen_on(uint16_t port, const char *name);
/* A client that has connected, or −1. */
int accept_client(int listener);

/* ---- HTTP (http.c) ---- */

typedef struct web web;
web *web_start(fw_app *app, uint16_t port);
/* Does what there is to do; 1 when something moved. */
int web_poll(web *w);
/* A descriptor to wait for. */
int web_fd(const web *w);
void web_stop(web *w);

/* ---- WebSocket frames, RFC 6455 (websocket.c) ---- */

typedef struct websocket {
  int fd;
  uint8_t head[14]; /* of the frame that is being read */
  uint8_t head_bytes;
  uint8_t closing;
  uint64_t left; /* bytes of its payload still to come */
  uint32_t mask_at;
  uint8_t control[125];
  uint8_t control_bytes;
  uint8_t out[1200];
  uint32_t out_start, out_end;
} websocket;

void websocket_init(websocket *ws, int fd);
fw_byte_port websocket_port(websocket *ws);
/* The answer to a client's Sec-WebSocket-Key: 28 characters and a zero. */
void websocket_accept(const char *key, char accept[29]);

void sha1(const void *data, uint32_t n, uint8_t digest[20]);

#endif
