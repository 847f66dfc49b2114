/*
 * Text completions in the form of OpenAI's API (POST /v1/completions): whole, or as server-sent events. The answer is
 * written around the text as that is made; a whole answer needs no more memory than a streamed one.
 */
#include "fw_http.h"

static void put_head(const fw_http *h, fw_text *t) {
  fw_put(t, "{\"id\":\"cmpl-");
  fw_put_u32(t, h->id);
  fw_put(t, "\",\"object\":\"text_completion\",\"created\":");
  fw_put_u32(t, h->created);
  fw_put(t, ",\"model\":\"tinylm\",\"choices\":[");
}

static void put_choice_end(fw_text *t, const char *reason) {
  fw_put(t, "\",\"index\":0,\"logprobs\":null,\"finish_reason\":");
  if (reason) fw_put_string(t, reason);
  else fw_put(t, "null");
  fw_put(t, "}]");
}

static void put_usage(fw_text *t, const fw_result *r) {
  fw_put(t, ",\"usage\":{\"prompt_tokens\":");
  fw_put_u32(t, r->prompt_tokens);
  fw_put(t, ",\"completion_tokens\":");
  fw_put_u32(t, r->tokens);
  fw_put(t, ",\"total_tokens\":");
  fw_put_u32(t, r->prompt_tokens + r->tokens);
  fw_put_char(t, '}');
}

/* Most bytes of what surrounds a piece of text, and of what ends an answer. */
#define AROUND 224u
#define ENDING 800u

static uint32_t room(fw_client *client) {
  const uint32_t room = fw_ring_room(&((fw_http *)client)->out);
  return room > ENDING + AROUND ? (room - ENDING - AROUND) / 6u : 0u; /* a control character becomes six */
}

/* What is written of a choice before its text; of an answer that is not streamed the head is out already. */
static void begin_piece(const fw_http *h, fw_text *t) {
  fw_text_init(t, h->app->scratch, sizeof h->app->scratch);
  if (!h->stream) return;
  fw_put(t, "data: ");
  put_head(h, t);
  fw_put(t, "{\"text\":\"");
}

static void text(fw_client *client, const char *bytes, uint32_t n) {
  fw_http *h = (fw_http *)client;
  fw_text t;
  begin_piece(h, &t);
  fw_put_escaped(&t, bytes, n);
  if (h->stream) {
    put_choice_end(&t, NULL);
    fw_put(&t, "}\n\n");
  }
  fw_ring_put(&h->out, t.data, t.length);
}

static void ended(fw_client *client, const fw_result *r) {
  fw_http *h = (fw_http *)client;
  const char *reason = r->error.code ? "error" : r->reason == TLM_STREAM_LIMIT ? "length" : "stop";
  fw_text t;
  begin_piece(h, &t);
  put_choice_end(&t, reason);
  if (!h->stream) put_usage(&t, r);
  if (r->error.code) {
    fw_put(&t, ",\"error\":");
    fw_put_error(&t, &r->error);
  }
  fw_put_char(&t, '}');
  if (h->stream) {
    fw_put(&t, "\n\n");
    if (h->usage) {
      fw_put(&t, "data: ");
      put_head(h, &t);
      fw_put_char(&t, ']');
      put_usage(&t, r);
      fw_put(&t, "}\n\n");
    }
    fw_put(&t, "data: [DONE]\n\n");
  }
  fw_ring_put(&h->out, t.data, t.length);
  h->phase = FW_HTTP_COMPLETE;
}

/* ---- the request ---- */

static int is_null(const fw_json_value *v) { return v->type == FW_JSON_NULL; }

static int is_number(const fw_json_value *v, uint32_t wanted_micro) {
  uint32_t micro;
  return v->type == FW_JSON_NUMBER && fw_parse_micro(v->at, v->bytes, &micro) && micro == wanted_micro;
}

/* A string, or an array with one at most; 0 when it is neither. An empty array is an empty string. */
static int one_string(fw_json_value *v, fw_json_value *string) {
  fw_json_walk walk;
  fw_json_value more;
  if (v->type == FW_JSON_STRING) {
    *string = *v;
  } else if (v->type == FW_JSON_ARRAY) {
    walk = fw_json_enter(v);
    if (!fw_json_next(&walk, NULL, string)) {
      *string = *v;
      string->bytes = 0;
      return 1;
    }
    if (string->type != FW_JSON_STRING || fw_json_next(&walk, NULL, &more)) return 0;
  } else {
    return 0;
  }
  fw_json_unescape(string);
  return 1;
}

static const char *stream_options(fw_http *h, const fw_json_value *v) {
  fw_json_value name, value;
  fw_json_walk walk;
  if (v->type != FW_JSON_OBJECT) return "stream_options must be an object";
  walk = fw_json_enter(v);
  while (fw_json_next(&walk, &name, &value)) {
    if (fw_equal(name.at, name.bytes, "include_usage")) h->usage = value.type == FW_JSON_TRUE;
  }
  return NULL;
}

/* Members that mean something here under another name. */
static const struct {
  const char *theirs;
  const char *ours;
} names[] = {
    {"max_tokens", "length"}, {"temperature", "temperature"}, {"top_p", "top_p"}, {"top_k", "top_k"},
    {"seed", "seed"},         {"repetition_penalty", "penalty"},
};

/* Members that are only accepted with the value that changes nothing. */
static const struct {
  const char *name;
  uint32_t micro;
} neutral[] = {
    {"n", 1000000u}, {"best_of", 1000000u}, {"presence_penalty", 0u}, {"frequency_penalty", 0u}, {"logprobs", 0u},
};

static const char *member(fw_http *h, const fw_json_value *name, fw_json_value *v) {
  fw_json_value string;
  uint32_t i;
  if (is_null(v)) return NULL; /* as if it were not there */
  for (i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!fw_equal(name->at, name->bytes, names[i].theirs)) continue;
    if (v->type != FW_JSON_NUMBER) {
      return "max_tokens, temperature, top_p, top_k, seed and repetition_penalty must be numbers";
    }
    return fw_settings_change(&h->settings, names[i].ours, fw_length(names[i].ours), v->at, v->bytes, FW_VALUE_NUMBER);
  }
  for (i = 0; i < sizeof neutral / sizeof neutral[0]; i++) {
    if (fw_equal(name->at, name->bytes, neutral[i].name)) {
      if (is_number(v, neutral[i].micro)) return NULL;
      return "n, best_of, presence_penalty, frequency_penalty and logprobs are not supported";
    }
  }
  if (fw_equal(name->at, name->bytes, "prompt")) {
    if (!one_string(v, &string)) return "prompt must be one string";
    h->prompt_at = (uint32_t)(string.at - h->body);
    h->prompt_end = h->prompt_at + string.bytes;
  } else if (fw_equal(name->at, name->bytes, "stop")) {
    if (!one_string(v, &string)) return "stop must be one string";
    return fw_settings_change(&h->settings, "stop", 4, string.at, string.bytes, FW_VALUE_STRING);
  } else if (fw_equal(name->at, name->bytes, "stream")) {
    if (v->type != FW_JSON_TRUE && v->type != FW_JSON_FALSE) return "stream must be true or false";
    h->stream = v->type == FW_JSON_TRUE;
  } else if (fw_equal(name->at, name->bytes, "stream_options")) {
    return stream_options(h, v);
  } else if (fw_equal(name->at, name->bytes, "echo")) {
    if (v->type != FW_JSON_FALSE) return "echo is not supported";
  } else if (fw_equal(name->at, name->bytes, "suffix")) {
    if (v->type != FW_JSON_STRING || v->bytes) return "suffix is not supported";
  }
  return NULL; /* model, user and what other servers know */
}

static const char *read_request(fw_http *h) {
  fw_json_value root, name, value;
  fw_json_walk walk;
  if (!fw_json_valid(h->body, h->body_bytes)) return "the body is not valid JSON";
  root = fw_json_root(h->body, h->body_bytes);
  if (root.type != FW_JSON_OBJECT) return "the body must be a JSON object";
  walk = fw_json_enter(&root);
  while (fw_json_next(&walk, &name, &value)) {
    const char *wrong = member(h, &name, &value);
    if (wrong) return wrong;
  }
  return NULL;
}

void fw_openai_completion(fw_http *h) {
  fw_error e = {FW_ERR_BAD_REQUEST, NULL};
  const fw_port *port = h->app->port;
  h->settings = h->app->settings;
  h->prompt_at = h->prompt_end = 0;
  e.message = read_request(h);
  if (!e.message) e = fw_job_open(h->app, &h->client, &h->settings, 1);
  if (e.code) {
    fw_http_refuse(h, &e);
    return;
  }
  h->client.room = room;
  h->client.text = text;
  h->client.ended = ended;
  h->id = ++h->app->completions;
  h->created = port->unix_time ? port->unix_time(port->user) : 0u;
  h->status = 200;
  h->phase = FW_HTTP_PROMPT;
  if (h->stream) {
    h->content_type = "text/event-stream; charset=utf-8";
  } else {
    fw_text t;
    fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
    put_head(h, &t);
    fw_put(&t, "{\"text\":\"");
    fw_ring_put(&h->out, t.data, t.length);
  }
  fw_openai_poll(h);
}

void fw_openai_poll(fw_http *h) {
  fw_result r;
  h->prompt_at += fw_job_write(h->app, h->body + h->prompt_at, h->prompt_end - h->prompt_at);
  if (h->prompt_at < h->prompt_end) return;
  h->phase = FW_HTTP_TEXT;
  r.error = fw_job_generate(h->app, &h->client, &h->settings, 0);
  if (!r.error.code) return;
  r.prompt_tokens = r.tokens = 0;
  r.reason = TLM_STREAM_CANCELLED;
  ended(&h->client, &r);
}

void fw_openai_models(fw_http *h) {
  fw_text t;
  fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
  fw_put(&t, "{\"object\":\"list\",\"data\":[");
  if (h->app->state == FW_MODEL_READY) {
    fw_put(&t, "{\"id\":\"tinylm\",\"object\":\"model\",\"created\":0,\"owned_by\":\"tinylm\"}");
  }
  fw_put(&t, "]}");
  h->status = 200;
  h->phase = FW_HTTP_COMPLETE;
  fw_ring_put(&h->out, t.data, t.length);
}
