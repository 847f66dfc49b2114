#include "fw_answer.h"

#include "fw_access.h"

void fw_answer_complete(fw_http *h) {
  h->phase = FW_HTTP_COMPLETE;
  h->since = h->app->port->micros(h->app->port->user);
}

void fw_answer_json(fw_http *h, uint16_t status, const char *json, uint32_t n) {
  h->status = status;
  h->content_type = "application/json";
  fw_ring_put(&h->out, json, n);
  fw_answer_complete(h);
}

static uint16_t status_of(const fw_error *e, const fw_app *app) {
  static const struct {
    const char *code;
    uint16_t status;
  } table[] = {
    {FW_ERR_BUSY, 503},        {FW_ERR_NO_MODEL, 503}, {FW_ERR_TOO_LARGE, 413}, {FW_ERR_WAIT, 429},
    {FW_ERR_UNSUPPORTED, 501}, {FW_ERR_STORAGE, 500},  {FW_ERR_ENGINE, 500},    {FW_ERR_UNKNOWN, 404},
  };
  uint32_t i;
  /* Another token would help, or none would. */
  if (fw_equal(e->code, fw_length(e->code), FW_ERR_FORBIDDEN)) return fw_has_token(app) ? 401 : 403;
  if (fw_equal(e->code, fw_length(e->code), FW_ERR_BAD_MODEL) && app->state == FW_MODEL_BAD) return 503;
  for (i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (fw_equal(e->code, fw_length(e->code), table[i].code)) return table[i].status;
  }
  return 400;
}

static void put_message(const fw_http *h, fw_text *t, const fw_error *e) {
  fw_put_char(t, '"');
  if (h->param) {
    fw_put_escaped(t, h->param, h->param_bytes);
    fw_put(t, ": ");
  }
  fw_put_escaped(t, e->message, fw_length(e->message));
  fw_put_char(t, '"');
}

void fw_answer_error(fw_http *h, uint16_t status, const fw_error *e) {
  fw_text t;
  /* A name as long as the body is cut: half of the room is for what is said about it. */
  if (h->param_bytes > 64u) h->param_bytes = 64;
  fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
  fw_put(&t, "{\"error\":");
  if (!h->text_error) fw_put(&t, "{\"message\":");
  put_message(h, &t, e);
  if (!h->text_error) {
    fw_member_string(&t, "type", status >= 500 ? "server_error" : "invalid_request_error");
    fw_put_name(&t, "param");
    if (h->param) {
      fw_put_char(&t, '"');
      fw_put_escaped(&t, h->param, h->param_bytes);
      fw_put_char(&t, '"');
    } else {
      fw_put(&t, "null");
    }
    fw_member_string(&t, "code", e->code);
    fw_put_char(&t, '}');
  }
  fw_put_char(&t, '}');
  h->retry_after = status == 503 ? 1u : status == 429 ? (uint8_t)(fw_token_wait(h->app) + 1u) : 0u;
  h->www_authenticate = status == 401;
  fw_answer_json(h, status, t.data, t.length);
}

void fw_answer_refuse(fw_http *h, const fw_error *e) { fw_answer_error(h, status_of(e, h->app), e); }

static uint32_t add(fw_http_header *list, uint32_t n, const char *name, const char *value) {
  list[n].name = name;
  list[n].value = value;
  return n + 1u;
}

uint32_t fw_http_headers(fw_http *h, fw_http_header list[FW_HTTP_HEADERS]) {
  uint32_t n = 0;
  fw_text t;
  if (h->content_type) n = add(list, n, "Content-Type", h->content_type);
  n = add(list, n, "Cache-Control", "no-store");
  n = add(list, n, "X-Content-Type-Options", "nosniff");
  /* No other site may show this in a frame, or load it as an image or a script. */
  n = add(list, n, "X-Frame-Options", "DENY");
  n = add(list, n, "Content-Security-Policy",
          "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  n = add(list, n, "Cross-Origin-Resource-Policy", "same-origin");
  if (h->methods) n = add(list, n, "Allow", h->methods);
  if (h->www_authenticate) n = add(list, n, "WWW-Authenticate", "Bearer");
  if (h->retry_after) {
    fw_text_init(&t, h->retry_text, sizeof h->retry_text - 1u);
    fw_put_u32(&t, h->retry_after);
    h->retry_text[t.length] = 0;
    n = add(list, n, "Retry-After", h->retry_text);
  }
  n = add(list, n, "Vary", "Origin");
  if (!h->origin[0]) return n;
  n = add(list, n, "Access-Control-Allow-Origin", h->origin);
  if (!h->preflight) return add(list, n, "Access-Control-Expose-Headers", "Retry-After");
  n = add(list, n, "Access-Control-Allow-Methods", h->methods);
  n = add(list, n, "Access-Control-Allow-Headers", "Authorization, Content-Type, *");
  n = add(list, n, "Access-Control-Allow-Private-Network", "true");
  return add(list, n, "Access-Control-Max-Age", "600");
}
