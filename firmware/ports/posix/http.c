/* HTTP by GNU libmicrohttpd, in the program's own thread: this only carries bytes between it and fw_http. */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host.h"

#define REQUESTS 16
#define SOCKETS 4
#define CONNECTIONS 32
/* So many places are kept free, by dropping who has waited longest without a whole request. */
#define SPARE 6
/* Seconds after which a WebSocket without the token, that says nothing, makes room for a new one. */
#define IDLE_S 10u

typedef struct request {
  fw_http http;
  web *owner;
  struct MHD_Connection *connection;
  int used;
  int suspended;
  int queued;
} request;

/* A connection, from its first byte: one that never sends a whole request must not keep its place. */
typedef struct visitor {
  struct MHD_Connection *connection;
  uint32_t since; /* micros when it came, or when its last request ended */
  int busy;       /* a request of it is being served, or it is a WebSocket */
  int dropped;
} visitor;

typedef struct socket_client {
  fw_session session;
  websocket ws;
  struct MHD_UpgradeResponseHandle *handle;
  int used;
} socket_client;

struct web {
  struct MHD_Daemon *daemon;
  fw_app *app;
  request requests[REQUESTS];
  socket_client sockets[SOCKETS];
  visitor visitors[CONNECTIONS];
  int fd;
};

/* ---- connections ---- */

static uint32_t now(const web *w) { return w->app->port->micros(w->app->port->user); }

static visitor *visitor_of(web *w, const struct MHD_Connection *connection) {
  int i;
  for (i = 0; i < CONNECTIONS; i++) {
    if (w->visitors[i].connection == connection) return &w->visitors[i];
  }
  return NULL;
}

/* The daemon sees the end of the stream, and ends the connection. */
static void drop(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (info) shutdown(info->connect_fd, SHUT_RDWR);
}

static void drop_visitor(web *w, visitor *v) {
  if (v->dropped) return;
  v->dropped = 1;
  w->app->count.slow++;
  drop(v->connection);
}

/* Drops who is over the time for a request; and, when places are short, who has waited longest. */
static void drop_idle(web *w) {
  visitor *oldest = NULL;
  int i, used = 0;
  for (i = 0; i < CONNECTIONS; i++) {
    visitor *v = &w->visitors[i];
    if (!v->connection) continue;
    used += !v->dropped;
    if (v->busy || v->dropped) continue;
    if (now(w) - v->since > FW_REQUEST_MS * 1000u) drop_visitor(w, v);
    else if (!oldest || now(w) - v->since > now(w) - oldest->since) oldest = v;
  }
  if (used > CONNECTIONS - SPARE && oldest) drop_visitor(w, oldest);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
  web *w = cls;
  visitor *v = visitor_of(w, code == MHD_CONNECTION_NOTIFY_STARTED ? NULL : connection);
  (void)context;
  if (!v) return;
  memset(v, 0, sizeof *v);
  if (code != MHD_CONNECTION_NOTIFY_STARTED) return;
  v->connection = connection;
  v->since = now(w);
}

/* ---- requests ---- */

/* The same for requests whose body does not come, and for answers that are not taken. */
static void drop_late(web *w) {
  request *oldest = NULL;
  int i, used = 0;
  for (i = 0; i < REQUESTS; i++) {
    request *r = &w->requests[i];
    visitor *v = r->used ? visitor_of(w, r->connection) : NULL;
    if (!v || v->dropped) continue;
    used++;
    if (fw_http_late(&r->http)) drop_visitor(w, v);
    else if (fw_http_waits(&r->http) && (!oldest || now(w) - r->http.since > now(w) - oldest->http.since)) oldest = r;
  }
  if (used > REQUESTS - SPARE && oldest) drop_visitor(w, visitor_of(w, oldest->connection));
}

static ssize_t next_bytes(void *cls, uint64_t at, char *bytes, size_t n) {
  request *r = cls;
  const int32_t got = fw_http_read(&r->http, bytes, n > 65536u ? 65536u : (uint32_t)n);
  (void)at;
  if (got > 0) return got;
  if (got < 0) return MHD_CONTENT_READER_END_OF_STREAM;
  MHD_suspend_connection(r->connection);
  r->suspended = 1;
  return 0;
}

static enum MHD_Result answer(request *r) {
  struct MHD_Response *response = r->http.status == 204 || r->http.head
                                      ? MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT)
                                      : MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 2048, next_bytes, r, NULL);
  fw_http_header headers[FW_HTTP_HEADERS];
  enum MHD_Result result;
  uint32_t n, i;
  if (!response) return MHD_NO;
  n = fw_http_headers(&r->http, headers);
  for (i = 0; i < n; i++) MHD_add_response_header(response, headers[i].name, headers[i].value);
  result = MHD_queue_response(r->connection, r->http.status, response);
  MHD_destroy_response(response);
  r->queued = 1;
  return result;
}

/* The place of who has said nothing for longest, SOCKETS when all have. */
static int free_socket(web *w) {
  uint32_t most = IDLE_S;
  int i, found = SOCKETS;
  for (i = 0; i < SOCKETS; i++) {
    const uint32_t idle = fw_session_idle(&w->sockets[i].session);
    if (idle < most) continue;
    most = idle;
    found = i;
  }
  if (found < SOCKETS) {
    fw_session_close(&w->sockets[found].session);
    MHD_upgrade_action(w->sockets[found].handle, MHD_UPGRADE_ACTION_CLOSE);
  }
  return found;
}

static void upgraded(void *cls, struct MHD_Connection *connection, void *context, const char *extra, size_t extra_bytes,
                     MHD_socket fd, struct MHD_UpgradeResponseHandle *handle) {
  web *w = cls;
  fw_byte_port port;
  int i;
  (void)connection;
  (void)context;
  (void)extra;
  for (i = 0; i < SOCKETS && w->sockets[i].used; i++) {}
  if (i == SOCKETS) i = free_socket(w);
  /* A client sends nothing before it has the answer, so there are no bytes left over. */
  if (i == SOCKETS || extra_bytes) {
    MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
    return;
  }
  w->sockets[i].used = 1;
  w->sockets[i].handle = handle;
  websocket_init(&w->sockets[i].ws, fd);
  port = websocket_port(&w->sockets[i].ws);
  fw_session_open(&w->sockets[i].session, w->app, &port, 1, 0);
}

static enum MHD_Result plain(struct MHD_Connection *connection, unsigned status, const char *text) {
  struct MHD_Response *response =
      MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
  const enum MHD_Result result = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return result;
}

static enum MHD_Result upgrade(web *w, struct MHD_Connection *connection) {
  const char *key = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-WebSocket-Key");
  const char *version = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-WebSocket-Version");
  const char *to = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Upgrade");
  struct MHD_Response *response;
  enum MHD_Result result;
  char accept[29];
  if (!to || strcasecmp(to, "websocket") || !version || strcmp(version, "13") || !key || strlen(key) != 24u) {
    return plain(connection, MHD_HTTP_BAD_REQUEST, "this address is a WebSocket\n");
  }
  websocket_accept(key, accept);
  response = MHD_create_response_for_upgrade(upgraded, w);
  MHD_add_response_header(response, "Upgrade", "websocket");
  MHD_add_response_header(response, "Sec-WebSocket-Accept", accept);
  result = MHD_queue_response(connection, MHD_HTTP_SWITCHING_PROTOCOLS, response);
  MHD_destroy_response(response);
  return result;
}

static uint32_t body_length(struct MHD_Connection *connection) {
  const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
  uint32_t n;
  if (!length) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding") ? FW_HTTP_LENGTH_UNKNOWN : 0u;
  }
  return fw_parse_u32(length, fw_length(length), &n) ? n : FW_HTTP_LENGTH_UNKNOWN - 1u;
}

static enum MHD_Result add_length(void *cls, enum MHD_ValueKind kind, const char *name, const char *value) {
  (void)kind;
  *(size_t *)cls += strlen(name) + (value ? strlen(value) : 0u) + 4u; /* ": ", CR LF */
  return MHD_YES;
}

/* Bytes of the request's line and headers, which the board's server counts too. */
static size_t header_bytes(struct MHD_Connection *connection, const char *method, const char *url) {
  size_t n = strlen(method) + strlen(url) + 12u;
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_length, &n);
  MHD_get_connection_values(connection, MHD_HEADER_KIND, add_length, &n);
  return n;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **context) {
  web *w = cls;
  request *r = *context;
  (void)version;
  if (!r) {
    fw_http_request q;
    visitor *v = visitor_of(w, connection);
    int i;
    if (v) v->busy = 1;
    q.method = method;
    q.path = url;
    q.authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    q.host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    q.origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin");
    q.content_length = body_length(connection);
    if (header_bytes(connection, method, url) > FW_HEADER_MAX) {
      return plain(connection, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "the request's headers are too long\n");
    }
    if (!strcmp(url, "/ws") && !strcmp(method, "GET") && fw_http_may_upgrade(w->app, q.host, q.origin)) {
      return upgrade(w, connection);
    }
    for (i = 0; i < REQUESTS && w->requests[i].used; i++) {}
    if (i == REQUESTS) return plain(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests at once\n");
    r = &w->requests[i];
    r->used = 1;
    r->suspended = r->queued = 0;
    r->owner = w;
    r->connection = connection;
    *context = r;
    fw_http_begin(&r->http, w->app, &q);
    /* Refused before the body: the answer goes out at once, and the body is not read. */
    return r->http.status ? answer(r) : MHD_YES;
  }
  if (r->queued) {
    *size = 0;
    return MHD_YES;
  }
  if (*size) {
    fw_http_body(&r->http, data, (uint32_t)*size);
    *size = 0;
    return MHD_YES;
  }
  fw_http_end(&r->http);
  return answer(r);
}

static void completed(void *cls, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode code) {
  request *r = *context;
  web *w = cls;
  visitor *v = visitor_of(w, connection);
  (void)code;
  if (v) {
    v->busy = 0;
    v->since = now(w);
  }
  if (!r) return;
  fw_http_close(&r->http);
  r->used = 0;
  *context = NULL;
}

web *web_start(fw_app *app, uint16_t port) {
  web *w = calloc(1, sizeof *w);
  const int listener = listen_on(port, "http");
  if (!w || listener < 0) return NULL;
  w->app = app;
  w->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, 0, NULL, NULL, handle, w,
                               MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_COMPLETED, completed, w,
                               MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_CONNECTION_LIMIT,
                               (unsigned)CONNECTIONS, MHD_OPTION_NOTIFY_CONNECTION, on_connection, w,
                               MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
  if (!w->daemon) return NULL;
  w->fd = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  return w;
}

int web_poll(web *w) {
  int i, moved = 0;
  drop_idle(w);
  drop_late(w);
  for (i = 0; i < REQUESTS; i++) {
    request *r = &w->requests[i];
    /* While a text is made, each token may have given something to send. */
    if (!r->used || !r->suspended) continue;
    r->suspended = 0;
    MHD_resume_connection(r->connection);
  }
  for (i = 0; i < SOCKETS; i++) {
    socket_client *s = &w->sockets[i];
    if (!s->used) continue;
    if (fw_session_poll(&s->session)) moved = 1;
    if (s->session.open) continue;
    s->used = 0;
    MHD_upgrade_action(s->handle, MHD_UPGRADE_ACTION_CLOSE);
  }
  MHD_run(w->daemon);
  return moved;
}

int web_fd(const web *w) { return w->fd; }

void web_stop(web *w) {
  int i;
  for (i = 0; i < SOCKETS; i++) {
    if (!w->sockets[i].used) continue;
    fw_session_close(&w->sockets[i].session);
    MHD_upgrade_action(w->sockets[i].handle, MHD_UPGRADE_ACTION_CLOSE);
  }
  /* A suspended connection must go on before the daemon can end. */
  for (i = 0; i < REQUESTS; i++) {
    if (w->requests[i].used && w->requests[i].suspended) MHD_resume_connection(w->requests[i].connection);
  }
  MHD_stop_daemon(w->daemon);
  free(w);
}
