/*
 * WebSockets as sessions: messages join to a stream of bytes. The server's task puts what comes into a ring; what goes
 * out is handed to that task, a piece at a time.
 */
#include "sockets.h"

#include "fw_session.h"

#if CONFIG_TINYLM_WIFI
#include "esp_http_server.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#define SOCKETS 2
#define IN_BYTES 2112
#define OUT_BYTES 512
/* Seconds after which a client without the token, that says nothing, makes room for a new one. */
#define IDLE_S 10u
#define WAIT_TICKS 2000 /* how long the server's task waits for room in the ring */

typedef struct socket_session {
  fw_session session;
  httpd_handle_t server;
  int fd;
  bool used;
  bool gone;             /* the connection has ended */
  volatile bool sending; /* out belongs to the server's task */
  uint32_t out_bytes;
  uint8_t out[OUT_BYTES];
  uint8_t in_data[IN_BYTES];
  fw_ring in;
} socket_session;

static socket_session sockets[SOCKETS];

static socket_session *find(int fd) {
  for (int i = 0; i < SOCKETS; i++) {
    if (sockets[i].used && !sockets[i].gone && sockets[i].fd == fd) return &sockets[i];
  }
  return NULL;
}

/* In the server's task. */
static void send_piece(void *user) {
  socket_session *s = user;
  httpd_ws_frame_t frame = {.final = true, .type = HTTPD_WS_TYPE_BINARY, .payload = s->out, .len = s->out_bytes};
  const bool failed = s->gone || httpd_ws_send_frame_async(s->server, s->fd, &frame) != ESP_OK;
  app_lock();
  if (failed) s->gone = true;
  s->sending = false;
  app_unlock();
}

static int32_t take(void *user, uint8_t *bytes, uint32_t n) {
  socket_session *s = user;
  if (s->gone) return -1;
  return (int32_t)fw_ring_take(&s->in, bytes, n);
}

static int32_t give(void *user, const uint8_t *bytes, uint32_t n) {
  socket_session *s = user;
  if (s->gone) return -1;
  if (s->sending) return 0;
  if (n > OUT_BYTES) n = OUT_BYTES;
  fw_copy(s->out, bytes, n);
  s->out_bytes = n;
  s->sending = true;
  if (httpd_queue_work(s->server, send_piece, s) == ESP_OK) return (int32_t)n;
  s->sending = false;
  return 0;
}

/* Ends who has said nothing for longest and has no token, so that two such clients do not keep all others out. */
static void end_idle(void) {
  uint32_t most = IDLE_S;
  socket_session *found = NULL;
  for (int i = 0; i < SOCKETS; i++) {
    const uint32_t idle = sockets[i].used ? fw_session_idle(&sockets[i].session) : 0u;
    if (idle < most) continue;
    most = idle;
    found = &sockets[i];
  }
  if (found) fw_session_close(&found->session);
}

int sockets_open(void *server, int fd) {
  int i;
  app_lock();
  for (i = 0; i < SOCKETS && (sockets[i].used || sockets[i].sending); i++) {}
  if (i == SOCKETS) end_idle(); /* its place is free when the client tries again */
  if (i < SOCKETS) {
    socket_session *s = &sockets[i];
    const fw_byte_port port = {s, take, give};
    s->server = server;
    s->fd = fd;
    s->gone = false;
    s->used = true;
    fw_ring_init(&s->in, s->in_data, sizeof s->in_data);
    fw_session_open(&s->session, &app, &port, 1, 0);
  }
  app_unlock();
  return i < SOCKETS;
}

int sockets_receive(int fd, const uint8_t *bytes, uint32_t n) {
  for (int ticks = 0; ticks < WAIT_TICKS; ticks++) {
    socket_session *s;
    int there;
    app_lock();
    s = find(fd);
    there = s && fw_ring_put(&s->in, bytes, n);
    app_unlock();
    if (!s) return 0;
    if (there) return 1;
    vTaskDelay(1);
  }
  return 0;
}

void sockets_closed(int fd) {
  socket_session *s;
  app_lock();
  s = find(fd);
  if (s) s->gone = true;
  app_unlock();
}

int sockets_poll(void) {
  int moved = 0;
  for (int i = 0; i < SOCKETS; i++) {
    socket_session *s = &sockets[i];
    if (!s->used) continue;
    moved |= fw_session_poll(&s->session);
    if (s->session.open) continue;
    s->used = false;
    /* A session that ended by itself leaves its connection to the server. */
    if (!s->gone) httpd_sess_trigger_close(s->server, s->fd);
  }
  return moved;
}
#else
int sockets_poll(void) { return 0; }
#endif
