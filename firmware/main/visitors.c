#include "visitors.h"

#if CONFIG_TINYLM_WIFI
#include <errno.h>
#include <sys/socket.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

/*
 * The server has one task: while it reads a request, all others wait. So a piece of a request may take 2 s to come, and
 * its line and headers 3 s in all; a body has the limits of fw_http_late.
 */
#define HEADERS_MS 3000

typedef struct visitor {
  int fd;
  bool used;
  bool reading; /* a request's headers have begun to come, but are not all there */
  bool working; /* a request is being answered, or it is a WebSocket */
  TickType_t since;
} visitor;

/* The server's task and the one that sends texts both write here. */
static visitor visitors[VISITORS];
static portMUX_TYPE lock = portMUX_INITIALIZER_UNLOCKED;

static visitor *visitor_of(int fd) {
  for (int i = 0; i < VISITORS; i++) {
    if (visitors[i].used && visitors[i].fd == fd) return &visitors[i];
  }
  return NULL;
}

void visitors_work(int fd, bool working) {
  const TickType_t now = xTaskGetTickCount();
  visitor *v;
  taskENTER_CRITICAL(&lock);
  v = visitor_of(fd);
  if (v) {
    v->working = working;
    v->reading = false;
    v->since = now;
  }
  taskEXIT_CRITICAL(&lock);
}

/* Whether a request's line and headers have taken too long to come. */
static bool dawdles(int fd) {
  const TickType_t now = xTaskGetTickCount();
  bool late = false;
  visitor *v;
  taskENTER_CRITICAL(&lock);
  v = visitor_of(fd);
  if (v && !v->working) {
    if (!v->reading) v->since = now;
    v->reading = true;
    late = now - v->since > pdMS_TO_TICKS(HEADERS_MS);
  }
  taskEXIT_CRITICAL(&lock);
  return late;
}

/* Stands in for the server's own recv: it knows no limit for a request as a whole. */
static int receive(httpd_handle_t server, int fd, char *bytes, size_t n, int flags) {
  int got;
  (void)server;
  if (dawdles(fd)) return HTTPD_SOCK_ERR_FAIL;
  got = (int)recv(fd, bytes, n, flags);
  if (got >= 0) return got;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? HTTPD_SOCK_ERR_TIMEOUT : HTTPD_SOCK_ERR_FAIL;
}

/*
 * The last place goes to a newcomer, and who has waited longest without a request under way leaves: never one that is
 * being served, and no WebSocket. (The server's own lru_purge_enable would close those too.) When there is none, the
 * newcomer is turned away.
 */
esp_err_t visitors_open(httpd_handle_t server, int fd) {
  const visitor newcomer = {.fd = fd, .used = true, .since = xTaskGetTickCount()};
  visitor *place = NULL, *oldest = NULL;
  int used = 0, leaving = -1;
  taskENTER_CRITICAL(&lock);
  for (int i = 0; i < VISITORS; i++) {
    visitor *v = &visitors[i];
    if (!v->used) {
      place = v;
      continue;
    }
    used++;
    if (!v->working && (!oldest || (int32_t)(v->since - oldest->since) < 0)) oldest = v;
  }
  if (used == VISITORS - 1) {
    if (oldest) leaving = oldest->fd;
    else place = NULL;
  }
  if (place) *place = newcomer;
  taskEXIT_CRITICAL(&lock);
  if (!place) return ESP_FAIL;
  if (leaving >= 0) httpd_sess_trigger_close(server, leaving);
  return httpd_sess_set_recv_override(server, fd, receive);
}

void visitors_close(int fd) {
  visitor *v;
  taskENTER_CRITICAL(&lock);
  v = visitor_of(fd);
  if (v) v->used = false;
  taskEXIT_CRITICAL(&lock);
}
#endif
