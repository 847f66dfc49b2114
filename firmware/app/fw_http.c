#include "fw_http.h"

#include "fw_access.h"
#include "fw_info.h"
#include "fw_openai.h"
#include "fw_page.h"

enum { NONE, PAGE, INFO, METRICS, SETTINGS, MODEL, SOCKET, COMPLETIONS, CHAT, MODELS, ONE_MODEL };

#define GET 1u
#define POST 2u

static const struct {
  const char *path; /* one that ends with a slash stands for all that begin so */
  uint8_t route;
  uint8_t methods;
  uint8_t openai; /* also with /v1 before it */
} routes[] = {
  {"/", PAGE, GET, 0},
  {"/info", INFO, GET, 0},
  {"/metrics", METRICS, GET, 0},
  {"/settings", SETTINGS, GET | POST, 0},
  {"/model", MODEL, POST, 0},
  {"/ws", SOCKET, GET, 0},
  {"/completions", COMPLETIONS, POST, 1},
  {"/chat/completions", CHAT, POST, 1},
  {"/models", MODELS, GET, 1},
  {"/models/", ONE_MODEL, GET, 1},
};
#define ROUTES (sizeof routes / sizeof routes[0])

static int begins(const char *p, uint32_t n, const char *with) {
  const uint32_t m = fw_length(with);
  return n >= m && fw_equal(p, m, with);
}

/* The index of a route, ROUTES for none; *rest is what follows a path that stands for many. */
static uint32_t find(const char *path, uint32_t n, const char **rest) {
  const int v1 = begins(path, n, "/v1/");
  uint32_t i;
  if (v1) {
    path += 3;
    n -= 3;
  }
  if (n > 1u && path[n - 1u] == '/') n--;
  for (i = 0; i < ROUTES; i++) {
    const uint32_t m = fw_length(routes[i].path);
    if (v1 && !routes[i].openai) continue;
    if (m == n && fw_equal(path, n, routes[i].path)) return i;
    if (m > 1u && n > m && routes[i].path[m - 1u] == '/' && begins(path, n, routes[i].path)) {
      *rest = path + m;
      return i;
    }
  }
  return ROUTES;
}

static void get(fw_http *h, const char *id, uint32_t id_bytes) {
  static const fw_error handshake = {FW_ERR_BAD_REQUEST, "this address is a WebSocket"};
  fw_text t;
  switch (h->route) {
    case PAGE:
      h->status = 200;
      h->content_type = "text/html; charset=utf-8";
      h->page = fw_page;
      h->page_bytes = fw_page_bytes;
      fw_answer_complete(h);
      break;
    case INFO: fw_answer_json(h, 200, h->app->scratch, fw_info(h->app)); break;
    case SETTINGS:
      fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
      fw_settings_put(&h->app->settings, &t);
      fw_answer_json(h, 200, t.data, t.length);
      break;
    case METRICS:
      h->status = 200;
      h->content_type = "text/plain; version=0.0.4; charset=utf-8";
      fw_text_init(&t, (char *)h->out_data, sizeof h->out_data);
      fw_metrics(h->app, &t);
      h->out.count = t.length;
      fw_answer_complete(h);
      break;
    case MODELS: fw_openai_models(h); break;
    case ONE_MODEL: fw_openai_model(h, id, id_bytes); break;
    default: fw_answer_refuse(h, &handshake); break;
  }
}

static void begin_model(fw_http *h, const fw_http_request *r) {
  static const fw_error length = {FW_ERR_BAD_REQUEST, "a model needs a Content-Length"};
  fw_error e;
  if (r->content_length == FW_HTTP_LENGTH_UNKNOWN) {
    fw_answer_error(h, 411, &length);
    return;
  }
  e = fw_upload_begin(h->app, &h->client, r->content_length);
  if (e.code) fw_answer_refuse(h, &e);
}

/* A token that the device does not have is refused everywhere; none at all only where something would change. */
static fw_error bearer(fw_http *h, const char *authorization) {
  static const char scheme[] = "bearer ";
  static const fw_error other = {FW_ERR_FORBIDDEN, "the device's token is expected as Authorization: Bearer …"};
  if (!authorization || !fw_has_token(h->app)) return fw_ok;
  if (fw_length(authorization) < sizeof scheme - 1u ||
      !fw_equal_ignoring_case(authorization, sizeof scheme - 1u, scheme)) {
    return other;
  }
  authorization += sizeof scheme - 1u;
  return fw_authorize(h->app, &h->client, authorization, fw_length(authorization));
}

static const char *methods_text(uint8_t methods) {
  return methods == (GET | POST) ? "GET, HEAD, POST, OPTIONS"
         : methods == POST       ? "POST, OPTIONS"
                                 : "GET, HEAD, OPTIONS";
}

/* OPTIONS: what may be done here; to a page that `allow` names, also from there. */
static void options(fw_http *h, uint8_t methods) {
  h->methods = methods_text(methods);
  h->status = 204;
  h->content_type = NULL;
  h->preflight = h->origin[0] != 0;
  fw_answer_complete(h);
}

static void reset(fw_http *h, fw_app *app) {
  h->app = app;
  h->client.network = 1;
  h->client.authorized = 0;
  h->status = 0;
  h->content_type = NULL;
  h->methods = NULL;
  h->retry_after = h->www_authenticate = h->preflight = h->text_error = 0;
  h->route = NONE;
  h->head = h->chat = h->stream = h->usage = 0;
  h->open = 1;
  h->phase = FW_HTTP_WAITING;
  h->since = app->port->micros(app->port->user);
  h->body_bytes = 0;
  h->param = NULL;
  h->param_bytes = 0;
  h->page = NULL;
  h->page_bytes = 0;
  h->origin[0] = 0;
  fw_ring_init(&h->out, h->out_data, sizeof h->out_data);
}

static const fw_error foreign = {
  FW_ERR_FORBIDDEN,
  "this comes from a web page of another site, or calls the device by a name that is not "
  "its own; its owner can permit origins and names with /allow"};
static const fw_error large = {FW_ERR_TOO_LARGE, "the body is larger than 4096 bytes"};

void fw_http_begin(fw_http *h, fw_app *app, const fw_http_request *r) {
  static const fw_error method = {FW_ERR_UNKNOWN, "this address does not take this method"};
  static const fw_error unknown = {FW_ERR_UNKNOWN,
                                   "nothing is at this address; there are /v1/completions, "
                                   "/v1/chat/completions, /v1/models, /info, /metrics, /settings, "
                                   "/model, /ws and /"};
  static const fw_error ollama = {FW_ERR_UNKNOWN,
                                  "this device does not speak Ollama's API; use a client of OpenAI's, "
                                  "with the base address http://<this device>/v1"};
  const uint32_t n = fw_length(r->path), m = fw_length(r->method);
  const int over = r->content_length != FW_HTTP_LENGTH_UNKNOWN && r->content_length > FW_BODY_MAX;
  const char *id = NULL;
  uint8_t wanted = 0;
  uint32_t i;
  fw_error e;
  reset(h, app);
  h->text_error = (uint8_t)begins(r->path, n, "/api/");
  switch (fw_origin_of(app, r->host, r->origin)) {
    case FW_ORIGIN_FOREIGN:
      app->count.foreign++;
      fw_answer_error(h, 403, &foreign);
      return;
    case FW_ORIGIN_ALLOWED:
      if (!fw_copy_text(h->origin, sizeof h->origin, r->origin, fw_length(r->origin))) {
        fw_answer_error(h, 403, &foreign);
        return;
      }
      break;
    default: break;
  }
  i = find(r->path, n, &id);
  if (fw_equal(r->method, m, "OPTIONS")) {
    options(h, i < ROUTES ? routes[i].methods : (uint8_t)(GET | POST));
    return;
  }
  h->head = (uint8_t)fw_equal(r->method, m, "HEAD");
  if (h->head || fw_equal(r->method, m, "GET")) wanted = GET;
  else if (fw_equal(r->method, m, "POST")) wanted = POST;
  e = bearer(h, r->authorization);
  if (!e.code && i == ROUTES) e = h->text_error ? ollama : unknown;
  if (e.code) {
    fw_answer_refuse(h, &e);
    return;
  }
  if (!(routes[i].methods & wanted)) {
    h->methods = methods_text(routes[i].methods);
    fw_answer_error(h, 405, &method);
    return;
  }
  h->route = routes[i].route;
  if (wanted == GET) {
    uint32_t rest = id ? n - (uint32_t)(id - r->path) : 0u;
    if (rest && id[rest - 1u] == '/') rest--;
    get(h, id, rest);
    return;
  }
  if (h->route == SETTINGS) e = fw_may_change(app, &h->client);
  if (e.code) fw_answer_refuse(h, &e);
  else if (h->route == MODEL) begin_model(h, r);
  else if (over) fw_answer_refuse(h, &large);
}

int fw_http_may_upgrade(const fw_app *app, const char *host, const char *origin) {
  return fw_origin_of(app, host, origin) != FW_ORIGIN_FOREIGN;
}

void fw_http_body(fw_http *h, const void *bytes, uint32_t n) {
  if (h->status || !n) return;
  if (h->route == MODEL) {
    const fw_error e = fw_upload_data(h->app, &h->client, bytes, n);
    if (e.code) fw_answer_refuse(h, &e);
    return;
  }
  if (n > FW_BODY_MAX - h->body_bytes) {
    fw_answer_refuse(h, &large);
    return;
  }
  fw_copy(h->body + h->body_bytes, bytes, n);
  h->body_bytes += n;
}

static void end_settings(fw_http *h) {
  fw_error e = fw_may_change(h->app, &h->client); /* the token may have been changed meanwhile */
  fw_text t;
  if (!e.code) {
    e.message = fw_settings_from_json(&h->app->settings, h->body, h->body_bytes, 0);
    if (e.message) e.code = FW_ERR_BAD_VALUE;
  }
  if (e.code) {
    fw_answer_refuse(h, &e);
    return;
  }
  fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
  fw_settings_put(&h->app->settings, &t);
  fw_answer_json(h, 200, t.data, t.length);
}

static void end_model(fw_http *h) {
  const fw_error e = fw_upload_end(h->app, &h->client);
  fw_text t;
  if (e.code) {
    fw_answer_error(h, 400, &e); /* what was sent is to blame */
    return;
  }
  fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
  fw_info_model(h->app, &t);
  fw_answer_json(h, 200, t.data, t.length);
}

void fw_http_end(fw_http *h) {
  if (h->status) return;
  switch (h->route) {
    case COMPLETIONS: fw_openai_completion(h, 0); break;
    case CHAT: fw_openai_completion(h, 1); break;
    case SETTINGS: end_settings(h); break;
    default: end_model(h); break;
  }
}

int32_t fw_http_read(fw_http *h, void *bytes, uint32_t n) {
  uint32_t taken;
  if (h->head) return -1;
  if (h->page_bytes) {
    if (n > h->page_bytes) n = h->page_bytes;
    fw_copy(bytes, h->page, n);
    h->page += n;
    h->page_bytes -= n;
    return (int32_t)n;
  }
  fw_openai_poll(h);
  taken = fw_ring_take(&h->out, bytes, n);
  if (taken) return (int32_t)taken;
  return h->phase == FW_HTTP_COMPLETE ? -1 : 0;
}

int fw_http_late(const fw_http *h) {
  const uint32_t ms = (h->app->port->micros(h->app->port->user) - h->since) / 1000u;
  if (!h->open || h->phase == FW_HTTP_PROMPT || h->phase == FW_HTTP_TEXT) return 0; /* the job has its own limits */
  if (h->phase == FW_HTTP_COMPLETE) return ms > FW_SILENCE_MS;
  if (h->route != MODEL) return ms > FW_REQUEST_MS;
  return ms > FW_SILENCE_MS && (ms - FW_SILENCE_MS) / 1000u > h->app->upload.at / FW_UPLOAD_RATE;
}

int fw_http_waits(const fw_http *h) {
  return h->open && h->phase == FW_HTTP_WAITING && !fw_trusted(h->app, &h->client);
}

void fw_http_close(fw_http *h) {
  if (!h->open) return;
  h->open = 0;
  fw_client_gone(h->app, &h->client);
}
