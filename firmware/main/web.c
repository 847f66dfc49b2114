/*
 * HTTP by esp_http_server: this only carries bytes between it and fw_http. The server has one task; an answer that
 * takes time (a text) is sent from another, so that a second client hears at once that it must wait.
 */
#include "idf.h"

#if CONFIG_TINYLM_WIFI
#include <unistd.h>

#include "esp_http_server.h"
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/task.h"

#define REQUESTS 3
#define PIECE 512
/* A socket that says nothing for so many time-outs of the server (5 s each) is given up. */
#define PATIENCE 2
#define AUTHORIZATION_MAX 128

typedef struct answer {
  fw_http http;
  httpd_req_t *request;
  bool used;
} answer;

static answer answers[REQUESTS];
static QueueHandle_t texts;

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
    case 400: return "400 Bad Request";
    case 401: return "401 Unauthorized";
    case 403: return "403 Forbidden";
    case 404: return "404 Not Found";
    case 405: return "405 Method Not Allowed";
    case 411: return "411 Length Required";
    case 413: return "413 Content Too Large";
    case 501: return "501 Not Implemented";
    case 503: return "503 Service Unavailable";
    default: return "500 Internal Server Error";
  }
}

/* Sends the answer; a client that has hung up ends it. */
static esp_err_t send_answer(answer *a) {
  httpd_req_t *req = a->request;
  char piece[PIECE];
  esp_err_t e = httpd_resp_set_status(req, status_line(a->http.status));
  if (e == ESP_OK) e = httpd_resp_set_type(req, a->http.content_type);
  if (e == ESP_OK) e = httpd_resp_set_hdr(req, "Cache-Control", "no-store");
  if (e == ESP_OK && a->http.retry_after) e = httpd_resp_set_hdr(req, "Retry-After", "1");
  if (e == ESP_OK && a->http.www_authenticate) e = httpd_resp_set_hdr(req, "WWW-Authenticate", "Bearer");
  while (e == ESP_OK) {
    int32_t n;
    app_lock();
    n = fw_http_read(&a->http, piece, sizeof piece);
    app_unlock();
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
    httpd_req_async_handler_complete(a->request);
    give_back(a);
  }
}

static esp_err_t receive_body(answer *a) {
  httpd_req_t *req = a->request;
  size_t left = req->content_len;
  char piece[PIECE];
  int waited = 0;
  while (left && !a->http.status) {
    const int n = httpd_req_recv(req, piece, left < sizeof piece ? left : sizeof piece);
    if (n == HTTPD_SOCK_ERR_TIMEOUT && ++waited < PATIENCE) continue;
    if (n <= 0) return ESP_FAIL;
    waited = 0;
    left -= (size_t)n;
    app_lock();
    fw_http_body(&a->http, piece, (uint32_t)n);
    app_unlock();
  }
  return ESP_OK;
}

static esp_err_t answer_request(answer *a) {
  char path[48], authorization[AUTHORIZATION_MAX];
  fw_http_request r;
  uint32_t n = 0;
  bool takes_time;
  httpd_req_t *copy;
  while (a->request->uri[n] && a->request->uri[n] != '?' && n < sizeof path - 1u) {
    path[n] = a->request->uri[n];
    n++;
  }
  path[n] = 0;
  r.method = a->request->method == HTTP_GET ? "GET" : "POST";
  r.path = path;
  r.content_length = (uint32_t)a->request->content_len;
  /* One that is too long is no token of this device either: it is refused as a wrong one. */
  switch (httpd_req_get_hdr_value_str(a->request, "Authorization", authorization, sizeof authorization)) {
    case ESP_OK: case ESP_ERR_HTTPD_RESULT_TRUNC: r.authorization = authorization; break;
    default: r.authorization = NULL; break;
  }
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
  answer *a = take_answer();
  if (!a) {
    httpd_resp_set_status(req, status_line(503));
    httpd_resp_set_hdr(req, "Retry-After", "1");
    return httpd_resp_sendstr(req, "too many requests at once\n");
  }
  a->request = req;
  return answer_request(a);
}

/* ---- WebSockets ---- */

/* A message holds at most one frame of the protocol, escaped; longer ones are refused by closing the socket. */
#define MESSAGE_MAX (2 * (FW_PAYLOAD_MAX + 6) + 2)

static esp_err_t on_socket(httpd_req_t *req) {
  static uint8_t message[MESSAGE_MAX];
  httpd_ws_frame_t frame = {0};
  /* The server calls this with GET after the handshake, and for a plain GET as well. */
  if (httpd_ws_get_fd_info(req->handle, httpd_req_to_sockfd(req)) != HTTPD_WS_CLIENT_WEBSOCKET) return on_request(req);
  if (req->method == HTTP_GET) return sockets_open(req->handle, httpd_req_to_sockfd(req)) ? ESP_OK : ESP_FAIL;
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
  sockets_closed(fd);
  close(fd); /* the server leaves that to this function */
}

void web_start(void) {
  httpd_config_t config = HTTPD_DEFAULT_CONFIG();
  httpd_handle_t server = NULL;
  const httpd_uri_t routes[] = {
      {.uri = "/ws", .method = HTTP_GET, .handler = on_socket, .is_websocket = true},
      {.uri = "/*", .method = HTTP_GET, .handler = on_request},
      {.uri = "/*", .method = HTTP_POST, .handler = on_request},
  };
  config.stack_size = 6144;
  config.uri_match_fn = httpd_uri_match_wildcard;
  config.close_fn = on_close;
  config.lru_purge_enable = true;
  texts = xQueueCreate(1, sizeof(answer *));
  if (!texts || xTaskCreate(send_texts, "tinylm-http", 4096, NULL, 5, NULL) != pdPASS ||
      httpd_start(&server, &config) != ESP_OK) {
    ESP_LOGE("tinylm", "the HTTP server cannot start");
    return;
  }
  for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
    ESP_ERROR_CHECK(httpd_register_uri_handler(server, &routes[i]));
  }
}
#endif
