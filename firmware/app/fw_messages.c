#include "fw_messages.h"

#include "fw_access.h"
#include "fw_info.h"
#include "fw_job.h"
#include "fw_model.h"
#include "fw_settings.h"

/* A request, and what is to be sent back. */
typedef struct request {
  fw_session *s;
  uint8_t sequence;
  uint8_t *payload;
  uint32_t n;
  fw_text answer; /* done's payload, in the application's scratch */
} request;

/* Handlers return an error, or fw_ok for a done with the answer, or `later`: the done comes when the job ends. */
static const fw_error later = {"", ""};

static fw_error bad_request(const char *message) {
  fw_error e = {FW_ERR_BAD_REQUEST, NULL};
  e.message = message;
  return e;
}

static fw_error bad_value(const char *message) {
  fw_error e = {FW_ERR_BAD_VALUE, NULL};
  e.message = message;
  return e;
}

static fw_error info(request *r) {
  const uint32_t n = fw_info(r->s->app);
  uint32_t at, piece;
  for (at = 0; at < n; at += piece) {
    piece = n - at < FW_PAYLOAD_MAX ? n - at : FW_PAYLOAD_MAX;
    fw_frame_put(&r->s->out, FW_MSG_DATA, r->sequence, r->s->app->scratch + at, piece);
  }
  return fw_ok;
}

/* Whether a member of that name is in a valid JSON object. */
static int has_member(char *json, uint32_t n, const char *wanted) {
  fw_json_value root, name, value;
  fw_json_walk walk;
  if (!n || !fw_json_valid(json, n)) return 0;
  root = fw_json_root(json, n);
  if (root.type != FW_JSON_OBJECT) return 0;
  walk = fw_json_enter(&root);
  while (fw_json_next(&walk, &name, &value)) {
    if (fw_equal(name.at, name.bytes, wanted)) return 1;
  }
  return 0;
}

static fw_error settings(request *r) {
  fw_app *app = r->s->app;
  const char *wrong;
  char *json = (char *)r->payload;
  fw_error e = fw_ok;
  if (r->n && !(r->n == 2u && json[0] == '{' && json[1] == '}')) e = fw_may_change(app, &r->s->client);
  if (e.code) return e;
  wrong = fw_settings_from_json(&app->settings, json, r->n, 0);
  if (wrong) return bad_value(wrong);
  fw_settings_put(&app->settings, &r->answer);
  return fw_ok;
}

static fw_error reset(request *r) { return fw_reset(r->s->app, &r->s->client); }

static fw_error prompt(request *r) {
  fw_session *s = r->s;
  fw_app *app = s->app;
  const int inserts = app->job.kind == FW_JOB_GENERATE && app->job.owner == &s->client && app->job.settings.continuous;
  if (!inserts) {
    const fw_error e = fw_job_open(app, &s->client, &app->settings, 0);
    if (e.code) return e;
  }
  s->pending = FW_PENDING_FRAME;
  s->pending_at = 2;
  return later;
}

static fw_error generate(request *r) {
  fw_settings once = r->s->app->settings;
  const int reseed = has_member((char *)r->payload, r->n, "seed");
  const char *wrong = fw_settings_from_json(&once, (char *)r->payload, r->n, 1);
  fw_error e;
  if (wrong) return bad_value(wrong);
  e = fw_job_generate(r->s->app, &r->s->client, &once, reseed);
  if (e.code) return e;
  r->s->framed = 1;
  r->s->job_sequence = r->sequence;
  return later;
}

static fw_error cancel(request *r) {
  static const fw_error idle = {FW_ERR_IDLE, "nothing runs for this client"};
  fw_app *app = r->s->app;
  if (app->state == FW_MODEL_UPLOAD && app->upload.owner == &r->s->client) {
    fw_upload_abort(app);
    return fw_ok;
  }
  return fw_job_cancel(app, &r->s->client) ? fw_ok : idle;
}

static fw_error bench(request *r) {
  uint32_t tokens = 64;
  fw_error e;
  if (r->n) {
    fw_json_value root, name, value;
    fw_json_walk walk;
    if (!fw_json_valid((char *)r->payload, r->n)) return bad_request("not valid JSON");
    root = fw_json_root((char *)r->payload, r->n);
    if (root.type != FW_JSON_OBJECT) return bad_request("expected a JSON object");
    walk = fw_json_enter(&root);
    while (fw_json_next(&walk, &name, &value)) {
      if (!fw_equal(name.at, name.bytes, "tokens")) return bad_request("expected {\"tokens\": n}");
      if (value.type != FW_JSON_NUMBER || !fw_parse_u32(value.at, value.bytes, &tokens) || !tokens || tokens > 10000u) {
        return bad_value("tokens must be from 1 to 10000");
      }
    }
  }
  e = fw_job_bench(r->s->app, &r->s->client, tokens);
  if (e.code) return e;
  r->s->framed = 1;
  r->s->job_sequence = r->sequence;
  return later;
}

static fw_error upload_begin(request *r) {
  if (r->n != 4u) return bad_request("expected 4 bytes: the size of the file");
  return fw_upload_begin(r->s->app, &r->s->client, fw_load32(r->payload));
}

static fw_error upload_data(request *r) {
  static const fw_error elsewhere = {FW_ERR_OFFSET, "this is not the offset expected next"};
  fw_app *app = r->s->app;
  uint32_t offset, at;
  uint8_t next[4];
  fw_error e = fw_ok;
  if (r->n < 5u) return bad_request("expected a 4-byte offset, then bytes");
  offset = fw_load32(r->payload);
  at = app->upload.at;
  if (app->state == FW_MODEL_UPLOAD && app->upload.owner == &r->s->client && offset != at) {
    /* A piece sent again because its answer was lost has been written already. */
    if (offset > at || r->n - 4u > at - offset) return elsewhere;
    app->upload.active = app->port->micros(app->port->user);
  } else {
    e = fw_upload_data(app, &r->s->client, r->payload + 4, r->n - 4u);
  }
  if (e.code) return e;
  fw_store32(next, app->upload.at);
  fw_put_bytes(&r->answer, next, 4);
  return fw_ok;
}

static fw_error upload_end(request *r) {
  const fw_error e = fw_upload_end(r->s->app, &r->s->client);
  if (e.code) return e;
  fw_info_model(r->s->app, &r->answer);
  return fw_ok;
}

static fw_error config(request *r) {
  fw_app *app = r->s->app;
  fw_config changes = {{NULL}, {0}};
  fw_json_value root, name, value;
  fw_json_walk walk;
  const fw_error e = fw_may_change(app, &r->s->client);
  if (e.code) return e;
  if (!fw_json_valid((char *)r->payload, r->n)) return bad_request("not valid JSON");
  root = fw_json_root((char *)r->payload, r->n);
  if (root.type != FW_JSON_OBJECT) return bad_request("expected a JSON object");
  walk = fw_json_enter(&root);
  while (fw_json_next(&walk, &name, &value)) {
    const uint32_t k = fw_config_key(name.at, name.bytes);
    if (k == FW_CONFIG_KEYS || value.type != FW_JSON_STRING) {
      return bad_request("expected strings ssid, password, token, name, allow; nothing was changed");
    }
    fw_json_unescape(&value);
    changes.text[k] = value.at;
    changes.bytes[k] = value.bytes;
  }
  return fw_config_change(app, &changes);
}

static fw_error auth(request *r) {
  if (!r->s->client.network) return fw_ok;
  return fw_authorize(r->s->app, &r->s->client, (const char *)r->payload, r->n);
}

static fw_error restart(request *r) {
  static const fw_error unsupported = {FW_ERR_UNSUPPORTED, "this device cannot restart itself"};
  const fw_error e = fw_may_change(r->s->app, &r->s->client);
  if (e.code) return e;
  if (!r->s->app->port->restart) return unsupported;
  r->s->restarting = 1;
  return fw_ok;
}

static fw_error (*const handlers[])(request *r) = {
  NULL,  info,         settings,    reset,      prompt, generate, cancel,
  bench, upload_begin, upload_data, upload_end, config, auth,     restart,
};

void fw_session_frame(fw_session *s, uint8_t *content, uint32_t n) {
  static const fw_error unknown = {FW_ERR_UNKNOWN, "a type of message that this device does not know"};
  const uint8_t type = content[0];
  request r;
  fw_error e = unknown;
  r.s = s;
  r.sequence = content[1];
  r.payload = content + 2;
  r.n = n - 6u;
  fw_text_init(&r.answer, s->app->scratch, FW_PAYLOAD_MAX);
  if (type < sizeof handlers / sizeof handlers[0] && handlers[type]) e = handlers[type](&r);
  if (e.code == later.code) return;
  if (e.code) {
    fw_text_init(&r.answer, s->app->scratch, FW_PAYLOAD_MAX);
    fw_put_error(&r.answer, &e);
  }
  fw_frame_put(&s->out, e.code ? FW_MSG_ERROR : FW_MSG_DONE, r.sequence, r.answer.data, r.answer.length);
}
