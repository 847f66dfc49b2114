#include "fw_http.h"

enum { ROUTE_NONE, ROUTE_COMPLETIONS, ROUTE_MODEL, ROUTE_SETTINGS };

static const char json_type[] = "application/json";

static void answer_json(fw_http *h, uint16_t status, const char *json, uint32_t n) {
  h->status = status;
  h->content_type = json_type;
  h->phase = FW_HTTP_COMPLETE;
  fw_ring_put(&h->out, json, n);
}

static int device_has_token(const fw_app *app) {
  char token[FW_CONFIG_MAX];
  return app->port->config_get && !app->port->config_get(app->port->user, "token", token) && token[0];
}

static uint16_t status_of(const fw_error *e, const fw_app *app) {
  static const struct {
    const char *code;
    uint16_t status;
  } table[] = {
      {FW_ERR_BUSY, 503},       {FW_ERR_NO_MODEL, 503},  {FW_ERR_TOO_LARGE, 413},
      {FW_ERR_UNSUPPORTED, 501}, {FW_ERR_STORAGE, 500}, {FW_ERR_ENGINE, 500},    {FW_ERR_UNKNOWN, 404},
  };
  uint32_t i;
  /* Another token would help, or none would. */
  if (fw_equal(e->code, fw_length(e->code), FW_ERR_FORBIDDEN)) return device_has_token(app) ? 401 : 403;
  if (fw_equal(e->code, fw_length(e->code), FW_ERR_BAD_MODEL) && app->state == FW_MODEL_BAD) return 503;
  for (i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (fw_equal(e->code, fw_length(e->code), table[i].code)) return table[i].status;
  }
  return 400;
}

static void refuse_with(fw_http *h, uint16_t status, const fw_error *e) {
  fw_text t;
  fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
  fw_put(&t, "{\"error\":{");
  fw_member_string(&t, "message", e->message);
  fw_member_string(&t, "type", status >= 500 ? "server_error" : "invalid_request_error");
  fw_put_name(&t, "param");
  fw_put(&t, "null");
  fw_member_string(&t, "code", e->code);
  fw_put(&t, "}}");
  h->retry_after = status == 503;
  h->www_authenticate = status == 401;
  answer_json(h, status, t.data, t.length);
}

void fw_http_refuse(fw_http *h, const fw_error *e) { refuse_with(h, status_of(e, h->app), e); }

static void bearer(fw_http *h, const char *authorization) {
  static const char scheme[] = "bearer ";
  if (!authorization || fw_length(authorization) < sizeof scheme - 1u) return;
  if (!fw_equal_ignoring_case(authorization, sizeof scheme - 1u, scheme)) return;
  authorization += sizeof scheme - 1u;
  fw_authorize(h->app, &h->client, authorization, fw_length(authorization));
}

/* A token that the device does not have is refused everywhere; none at all only where something would change. */
static int wrong_token(const fw_http *h, const char *authorization) {
  return authorization && !h->client.authorized && device_has_token(h->app);
}

static void get(fw_http *h, const char *path) {
  static const fw_error unknown = {FW_ERR_UNKNOWN, "nothing is at this address; there are /v1/completions, /v1/models, "
                                                   "/info, /metrics, /settings, /model, /ws and /"};
  static const fw_error handshake = {FW_ERR_BAD_REQUEST, "this address is a WebSocket"};
  const uint32_t n = fw_length(path);
  fw_text t;
  if (fw_equal(path, n, "/")) {
    h->status = 200;
    h->content_type = "text/html; charset=utf-8";
    h->page = fw_page;
    h->page_bytes = fw_page_bytes;
    h->phase = FW_HTTP_COMPLETE;
  } else if (fw_equal(path, n, "/info")) {
    answer_json(h, 200, h->app->scratch, fw_info(h->app));
  } else if (fw_equal(path, n, "/settings")) {
    fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
    fw_settings_put(&h->app->settings, &t);
    answer_json(h, 200, t.data, t.length);
  } else if (fw_equal(path, n, "/v1/models")) {
    fw_openai_models(h);
  } else if (fw_equal(path, n, "/metrics")) {
    h->status = 200;
    h->content_type = "text/plain; version=0.0.4; charset=utf-8";
    h->phase = FW_HTTP_COMPLETE;
    fw_text_init(&t, (char *)h->out_data, sizeof h->out_data);
    fw_metrics(h->app, &t);
    h->out.count = t.length;
  } else {
    fw_http_refuse(h, fw_equal(path, n, "/ws") ? &handshake : &unknown);
  }
}

static void begin_model(fw_http *h, const fw_http_request *r) {
  static const fw_error length = {FW_ERR_BAD_REQUEST, "a model needs a Content-Length"};
  fw_error e;
  if (r->content_length == FW_HTTP_LENGTH_UNKNOWN) {
    refuse_with(h, 411, &length);
    return;
  }
  e = fw_upload_begin(h->app, &h->client, r->content_length);
  if (e.code) fw_http_refuse(h, &e);
}

static int known_path(const char *path) {
  static const char *const paths[] = {"/", "/info", "/metrics", "/settings", "/model", "/v1/models", "/v1/completions"};
  uint32_t i;
  for (i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    if (fw_equal(path, fw_length(path), paths[i])) return 1;
  }
  return 0;
}

void fw_http_begin(fw_http *h, fw_app *app, const fw_http_request *r) {
  static const fw_error wrong = {FW_ERR_FORBIDDEN, "this is not the device's token"};
  static const fw_error method = {FW_ERR_UNKNOWN, "this address does not take this method"};
  static const fw_error large = {FW_ERR_TOO_LARGE, "the body is larger than 4096 bytes"};
  const uint32_t n = fw_length(r->path);
  const int post = fw_equal(r->method, fw_length(r->method), "POST");
  const int over = r->content_length != FW_HTTP_LENGTH_UNKNOWN && r->content_length > FW_BODY_MAX;
  fw_error e = fw_ok;
  h->app = app;
  h->client.network = 1;
  h->client.authorized = 0;
  h->status = 0;
  h->content_type = json_type;
  h->retry_after = h->www_authenticate = 0;
  h->route = ROUTE_NONE;
  h->open = 1;
  h->phase = FW_HTTP_WAITING;
  h->stream = h->usage = 0;
  h->body_bytes = 0;
  h->page = NULL;
  h->page_bytes = 0;
  fw_ring_init(&h->out, h->out_data, sizeof h->out_data);
  bearer(h, r->authorization);
  if (wrong_token(h, r->authorization)) {
    fw_http_refuse(h, &wrong);
    return;
  }
  if (post && fw_equal(r->path, n, "/v1/completions")) h->route = ROUTE_COMPLETIONS;
  else if (post && fw_equal(r->path, n, "/settings")) h->route = ROUTE_SETTINGS;
  else if (post && fw_equal(r->path, n, "/model")) h->route = ROUTE_MODEL;
  if (h->route == ROUTE_SETTINGS) e = fw_may_change(app, &h->client);
  if (e.code) fw_http_refuse(h, &e);
  else if (h->route == ROUTE_MODEL) begin_model(h, r);
  else if (h->route && over) fw_http_refuse(h, &large);
  else if (!h->route && fw_equal(r->method, fw_length(r->method), "GET") &&
           !fw_equal(r->path, n, "/v1/completions") && !fw_equal(r->path, n, "/model")) get(h, r->path);
  else if (!h->route && known_path(r->path)) refuse_with(h, 405, &method);
  else if (!h->route) get(h, r->path);
}

void fw_http_body(fw_http *h, const void *bytes, uint32_t n) {
  static const fw_error large = {FW_ERR_TOO_LARGE, "the body is larger than 4096 bytes"};
  if (h->status || !n) return;
  if (h->route == ROUTE_MODEL) {
    const fw_error e = fw_upload_data(h->app, &h->client, bytes, n);
    if (e.code) fw_http_refuse(h, &e);
    return;
  }
  if (n > FW_BODY_MAX - h->body_bytes) {
    fw_http_refuse(h, &large);
    return;
  }
  fw_copy(h->body + h->body_bytes, bytes, n);
  h->body_bytes += n;
}

static void end_settings(fw_http *h) {
  fw_error e = {FW_ERR_BAD_VALUE, NULL};
  fw_text t;
  e.message = fw_settings_from_json(&h->app->settings, h->body, h->body_bytes, 0);
  if (e.message) {
    fw_http_refuse(h, &e);
    return;
  }
  fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
  fw_settings_put(&h->app->settings, &t);
  answer_json(h, 200, t.data, t.length);
}

static void end_model(fw_http *h) {
  const fw_error e = fw_upload_end(h->app, &h->client);
  fw_text t;
  if (e.code) {
    refuse_with(h, 400, &e); /* what was sent is to blame */
    return;
  }
  fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
  fw_info_model(h->app, &t);
  answer_json(h, 200, t.data, t.length);
}

void fw_http_end(fw_http *h) {
  if (h->status) return;
  switch (h->route) {
    case ROUTE_COMPLETIONS: fw_openai_completion(h); break;
    case ROUTE_SETTINGS: end_settings(h); break;
    default: end_model(h); break;
  }
}

int32_t fw_http_read(fw_http *h, void *bytes, uint32_t n) {
  uint32_t taken;
  if (h->page_bytes) {
    if (n > h->page_bytes) n = h->page_bytes;
    fw_copy(bytes, h->page, n);
    h->page += n;
    h->page_bytes -= n;
    return (int32_t)n;
  }
  if (h->phase == FW_HTTP_PROMPT) fw_openai_poll(h);
  taken = fw_ring_take(&h->out, bytes, n);
  if (taken) return (int32_t)taken;
  return h->phase == FW_HTTP_COMPLETE ? -1 : 0;
}

void fw_http_close(fw_http *h) {
  if (!h->open) return;
  h->open = 0;
  fw_client_gone(h->app, &h->client);
}
