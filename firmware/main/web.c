/*
 * HTTP by esp_http_server: this only carries bytes between it and fw_http. The server has one task; an answer that
 * takes time (a text) is sent from another, so that a second client hears at once that it must wait.
 */
#include "web.h"

#if CONFIG_TINYLM_WIFI
#include <unistd.h>

#include "esp_http_server.h"
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/task.h"
#include "fw_http.h"
#include "sockets.h"
#include "visitors.h"

#define REQUESTS 3
#define PIECE 512
#define AUTHORIZATION_MAX 128
#define NAME_MAX_BYTES 130 /* of Host and Origin: longer than anything that would be permitted */

/* ---- requests ---- */

typedef struct answer {
  fw_http http;
  httpd_req_t *request;
  bool used;
} answer;

static answer answers[REQUESTS];
static QueueHandle_t texts;
static httpd_handle_t web_server;

static answer *take_answer(void) {
  answer *found = NULL;
  app_lock();
  for (int i = 0; i < REQUESTS && !found; i++) {
    if (answers[i].used) continue;
    found = &answers[i];
    found->used = true;
  }
  app_unlock();
  return found;
}

static void give_back(answer *a) {
  app_lock();
  fw_http_close(&a->http);
  a->used = false;
  app_unlock();
}

static const char *status_line(uint16_t status) {
  switch (status) {
    case 200: return "200 OK";
    case 204: return "204 No Content";
    case 400: return "400 Bad Request";
    case 401: return "401 Unauthorized";
    case 403: return "403 Forbidden";
    case 404: return "404 Not Found";
    case 405: return "405 Method Not Allowed";
    case 411: return "411 Length Required";
    case 413: return "413 Content Too Large";
    case 429: return "429 Too Many Requests";
    case 501: return "501 Not Implemented";
    case 503: return "503 Service Unavailable";
    default: return "500 Internal Server Error";
  }
}

/* Sends the answer; a client that has hung up ends it. */
static esp_err_t send_answer(answer *a) {
  httpd_req_t *req = a->request;
  char piece[PIECE];
  fw_http_header headers[FW_HTTP_HEADERS];
  const uint32_t count = fw_http_headers(&a->http, headers);
  esp_err_t e = httpd_resp_set_status(req, status_line(a->http.status));
  for (uint32_t i = 0; i < count && e == ESP_OK; i++) {
    const bool type = fw_equal(headers[i].name, fw_length(headers[i].name), "Content-Type");
    e = type ? httpd_resp_set_type(req, headers[i].value) : httpd_resp_set_hdr(req, headers[i].name, headers[i].value);
  }
  /* Without a body: chunks would have one. */
  if (e == ESP_OK && (a->http.head || a->http.status == 204)) return httpd_resp_send(req, NULL, 0);
  while (e == ESP_OK) {
    int32_t n;
    bool late;
    app_lock();
    n = fw_http_read(&a->http, piece, sizeof piece);
    late = fw_http_late(&a->http);
    app_unlock();
    if (late) return ESP_FAIL; /* the rest is not taken */
    if (n < 0) return httpd_resp_send_chunk(req, NULL, 0);
    if (n == 0) vTaskDelay(1);
    else e = httpd_resp_send_chunk(req, piece, n);
  }
  return e;
}

/* The task for texts. */
static void send_texts(void *unused) {
  (void)unused;
  for (;;) {
    answer *a;
    if (xQueueReceive(texts, &a, portMAX_DELAY) != pdTRUE) continue;
    if (send_answer(a) != ESP_OK) httpd_sess_trigger_close(a->request->handle, httpd_req_to_sockfd(a->request));
    visitors_work(httpd_req_to_sockfd(a->request), false);
    httpd_req_async_handler_complete(a->request);
    give_back(a);
  }
}

static esp_err_t receive_body(answer *a) {
  httpd_req_t *req = a->request;
  size_t left = req->content_len;
  char piece[PIECE];
  while (left && !a->http.status) {
    bool late;
    const int n = httpd_req_recv(req, piece, left < sizeof piece ? left : sizeof piece);
    app_lock();
    late = fw_http_late(&a->http);
    app_unlock();
    if (late || (n <= 0 && n != HTTPD_SOCK_ERR_TIMEOUT)) return ESP_FAIL;
    if (n <= 0) continue;
    left -= (size_t)n;
    app_lock();
    fw_http_body(&a->http, piece, (uint32_t)n);
    app_unlock();
  }
  return ESP_OK;
}

static const char *method_name(int method) {
  switch (method) {
    case HTTP_GET: return "GET";
    case HTTP_HEAD: return "HEAD";
    case HTTP_OPTIONS: return "OPTIONS";
    default: return "POST";
  }
}

/* NULL without; one that is too long is cut, and so is nothing that this device knows. */
static const char *header(httpd_req_t *req, const char *name, char *value, size_t size) {
  const esp_err_t e = httpd_req_get_hdr_value_str(req, name, value, size);
  return e == ESP_OK || e == ESP_ERR_HTTPD_RESULT_TRUNC ? value : NULL;
}

static esp_err_t answer_request(answer *a) {
  char path[96], authorization[AUTHORIZATION_MAX], host[NAME_MAX_BYTES], origin[NAME_MAX_BYTES];
  fw_http_request r;
  uint32_t n = 0;
  bool takes_time;
  httpd_req_t *copy;
  while (a->request->uri[n] && a->request->uri[n] != '?' && n < sizeof path - 1u) {
    path[n] = a->request->uri[n];
    n++;
  }
  path[n] = 0;
  r.method = method_name(a->request->method);
  r.path = path;
  r.content_length = (uint32_t)a->request->content_len;
  r.authorization = header(a->request, "Authorization", authorization, sizeof authorization);
  r.host = header(a->request, "Host", host, sizeof host);
  r.origin = header(a->request, "Origin", origin, sizeof origin);
  app_lock();
  fw_http_begin(&a->http, &app, &r);
  app_unlock();
  if (receive_body(a) != ESP_OK) {
    give_back(a);
    return ESP_FAIL; /* the server closes the socket */
  }
  app_lock();
  if (!a->http.status) fw_http_end(&a->http);
  takes_time = a->http.phase != FW_HTTP_COMPLETE;
  app_unlock();
  if (takes_time && httpd_req_async_handler_begin(a->request, &copy) == ESP_OK) {
    a->request = copy;
    if (xQueueSend(texts, &a, 0) == pdTRUE) return ESP_OK;
    httpd_req_async_handler_complete(copy);
    give_back(a);
    return ESP_FAIL;
  }
  {
    const esp_err_t e = send_answer(a);
    give_back(a);
    return e;
  }
}

static esp_err_t on_request(httpd_req_t *req) {
  const int fd = httpd_req_to_sockfd(req);
  answer *a = take_answer();
  esp_err_t e;
  visitors_work(fd, true);
  if (!a) {
    visitors_work(fd, false);
    httpd_resp_set_status(req, status_line(503));
    httpd_resp_set_hdr(req, "Retry-After", "1");
    return httpd_resp_sendstr(req, "too many requests at once\n");
  }
  a->request = req;
  e = answer_request(a);
  if (a->request == req) visitors_work(fd, false); /* else a text is being sent by the other task */
  return e;
}

/* ---- WebSockets ---- */

/* A message holds at most one frame of the protocol, escaped; longer ones are refused by closing the socket. */
#define MESSAGE_MAX (2 * (FW_PAYLOAD_MAX + 6) + 2)

static esp_err_t on_socket(httpd_req_t *req) {
  static uint8_t message[MESSAGE_MAX];
  httpd_ws_frame_t frame = {0};
  /* The server calls this with GET after the handshake, and for a plain GET as well. */
  if (httpd_ws_get_fd_info(req->handle, httpd_req_to_sockfd(req)) != HTTPD_WS_CLIENT_WEBSOCKET) return on_request(req);
  if (req->method == HTTP_GET) {
    /* The handshake is done already; to a page of another site the socket closes before it has said a byte. */
    char host[NAME_MAX_BYTES], origin[NAME_MAX_BYTES];
    const char *h = header(req, "Host", host, sizeof host), *o = header(req, "Origin", origin, sizeof origin);
    bool may;
    app_lock();
    may = fw_http_may_upgrade(&app, h, o);
    app.count.foreign += may ? 0u : 1u;
    app_unlock();
    if (!may || !sockets_open(req->handle, httpd_req_to_sockfd(req))) return ESP_FAIL;
    visitors_work(httpd_req_to_sockfd(req), true);
    return ESP_OK;
  }
  if (httpd_ws_recv_frame(req, &frame, 0) != ESP_OK || frame.len > sizeof message) return ESP_FAIL;
  frame.payload = message;
  if (frame.len && httpd_ws_recv_frame(req, &frame, frame.len) != ESP_OK) return ESP_FAIL;
  if (frame.type != HTTPD_WS_TYPE_TEXT && frame.type != HTTPD_WS_TYPE_BINARY && frame.type != HTTPD_WS_TYPE_CONTINUE) {
    return ESP_OK;
  }
  return sockets_receive(httpd_req_to_sockfd(req), message, (uint32_t)frame.len) ? ESP_OK : ESP_FAIL;
}

static void on_close(httpd_handle_t server, int fd) {
  (void)server;
  visitors_close(fd);
  sockets_closed(fd);
  close(fd); /* the server leaves that to this function */
}

void web_start(void) {
  httpd_config_t config = HTTPD_DEFAULT_CONFIG();
  const httpd_uri_t routes[] = {
    {.uri = "/ws", .method = HTTP_GET, .handler = on_socket, .is_websocket = true},
    {.uri = "/*", .method = HTTP_GET, .handler = on_request},
    {.uri = "/*", .method = HTTP_HEAD, .handler = on_request},
    {.uri = "/*", .method = HTTP_POST, .handler = on_request},
    {.uri = "/*", .method = HTTP_OPTIONS, .handler = on_request},
  };
  config.stack_size = 6144;
  config.uri_match_fn = httpd_uri_match_wildcard;
  config.open_fn = visitors_open;
  config.close_fn = on_close;
  config.max_open_sockets = VISITORS;
  config.max_resp_headers = FW_HTTP_HEADERS;
  config.recv_wait_timeout = PIECE_S;
  config.send_wait_timeout = PIECE_S;
  texts = xQueueCreate(1, sizeof(answer *));
  if (!texts || xTaskCreate(send_texts, "tinylm-http", 4096, NULL, 5, NULL) != pdPASS ||
      httpd_start(&web_server, &config) != ESP_OK) {
    ESP_LOGE("tinylm", "the HTTP server cannot start");
    return;
  }
  for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
    ESP_ERROR_CHECK(httpd_register_uri_handler(web_server, &routes[i]));
  }
}
#endif
