/*
 * Completions in the form of OpenAI's API (POST /v1/completions, /v1/chat/completions): whole, or as server-sent
 * events. The answer is written around the text as that is made; a whole answer needs no more memory than a streamed
 * one.
 */
#include "fw_openai.h"

#include "fw_chat.h"
#include "fw_info.h"
#include "fw_job.h"
#include "fw_request.h"

static void put_head(const fw_http *h, fw_text *t) {
  fw_put(t, h->chat ? "{\"id\":\"chatcmpl-" : "{\"id\":\"cmpl-");
  fw_put_u32(t, h->id);
  fw_put(t, "\",\"object\":\"");
  fw_put(t, !h->chat ? "text_completion" : h->stream ? "chat.completion.chunk" : "chat.completion");
  fw_put(t, "\",\"created\":");
  fw_put_u32(t, h->created);
  fw_put(t, ",\"model\":\"tinylm\",\"choices\":[");
}

/* What stands before the text of a choice. */
static void put_choice(fw_http *h, fw_text *t) {
  if (!h->chat) fw_put(t, "{\"text\":\"");
  else if (!h->stream) fw_put(t, "{\"message\":{\"role\":\"assistant\",\"content\":\"");
  else fw_put(t, h->begun ? "{\"delta\":{\"content\":\"" : "{\"delta\":{\"role\":\"assistant\",\"content\":\"");
  h->begun = 1;
}

static void put_choice_end(const fw_http *h, fw_text *t, const char *reason) {
  fw_put(t, h->chat ? "\"},\"index\":0,\"logprobs\":null,\"finish_reason\":"
                    : "\",\"index\":0,\"logprobs\":null,\"finish_reason\":");
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

/* Most bytes of what surrounds a piece of text, and of what ends an answer, text held back included. */
#define AROUND 256u
#define ENDING 1400u

static uint32_t room(fw_client *client) {
  const uint32_t room = fw_ring_room(&((fw_http *)client)->out);
  return room > ENDING + AROUND ? (room - ENDING - AROUND) / 6u : 0u; /* a control character becomes six */
}

/* What is written of a choice before its text; of an answer that is not streamed the head is out already. */
static void begin_piece(fw_http *h, fw_text *t) {
  fw_text_init(t, h->app->scratch, sizeof h->app->scratch);
  if (!h->stream) return;
  fw_put(t, "data: ");
  put_head(h, t);
  put_choice(h, t);
}

static void send_text(fw_http *h, const char *bytes, uint32_t n) {
  fw_text t;
  if (!n) return;
  begin_piece(h, &t);
  fw_put_escaped(&t, bytes, n);
  if (h->stream) {
    put_choice_end(h, &t, NULL);
    fw_put(&t, "}\n\n");
  }
  fw_ring_put(&h->out, t.data, t.length);
}

/* How much of the text at p agrees with a stop: 2 all of it is there, 1 as far as the text goes, 0 it does not. */
static int agrees(const fw_stop *stop, const char *p, uint32_t n) {
  uint32_t i;
  for (i = 0; i < n && i < stop->bytes; i++) {
    if (p[i] != stop->text[i]) return 0;
  }
  return i == stop->bytes ? 2 : 1;
}

/* Sends what cannot belong to a stop string any more, and keeps the rest; after one the text is at its end. */
static void search_stops(fw_http *h) {
  uint32_t at, i;
  int best = 0;
  for (at = 0; at < h->held_bytes; at++) {
    best = 0;
    for (i = 0; i < h->stops && best < 2; i++) {
      const int found = agrees(&h->stop[i], h->held + at, h->held_bytes - at);
      if (found > best) best = found;
    }
    if (best) break;
  }
  send_text(h, h->held, at);
  h->stopped = best == 2;
  h->held_bytes = best == 2 ? 0u : h->held_bytes - at;
  for (i = 0; i < h->held_bytes; i++) h->held[i] = h->held[at + i];
}

static void text(fw_client *client, const char *bytes, uint32_t n) {
  fw_http *h = (fw_http *)client;
  if (h->stopped) return;
  if (!h->stops) {
    send_text(h, bytes, n);
    return;
  }
  /* Held is shorter than the longest stop, 50 bytes; with a piece of 64 it fits. */
  fw_copy(h->held + h->held_bytes, bytes, n);
  h->held_bytes += n;
  search_stops(h);
}

static void ended(fw_client *client, const fw_result *r) {
  fw_http *h = (fw_http *)client;
  const char *reason = r->error.code ? "error" : !h->stopped && r->reason == TLM_STREAM_LIMIT ? "length" : "stop";
  fw_text t;
  send_text(h, h->held, h->held_bytes);
  h->held_bytes = 0;
  begin_piece(h, &t);
  put_choice_end(h, &t, reason);
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
  fw_answer_complete(h);
}

static void end_with(fw_http *h, fw_error error) {
  fw_result r;
  r.error = error;
  r.prompt_tokens = r.tokens = 0;
  r.reason = TLM_STREAM_CANCELLED;
  ended(&h->client, &r);
}

void fw_openai_completion(fw_http *h, int chat) {
  fw_error e = {FW_ERR_BAD_REQUEST, NULL};
  const fw_port *port = h->app->port;
  h->chat = (uint8_t)chat;
  h->settings = h->app->settings;
  h->piece = h->body;
  h->turn = NULL;
  h->piece_bytes = h->stops = h->held_bytes = 0;
  h->stopped = h->begun = 0;
  e.message = fw_request_read(h);
  if (!e.message) {
    fw_chat_stop(h);
    if (h->stops == 1u && h->stop[0].bytes <= TLM_STOP_MAX) { /* the engine itself ends the text there */
      fw_copy(h->settings.stop, h->stop[0].text, h->stop[0].bytes);
      h->settings.stop_bytes = (uint8_t)h->stop[0].bytes;
      h->stops = 0;
    }
    e = fw_job_open(h->app, &h->client, &h->settings, 1);
  }
  if (e.code) {
    fw_answer_refuse(h, &e);
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
    h->content_type = "application/json";
    fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
    put_head(h, &t);
    put_choice(h, &t);
    fw_ring_put(&h->out, t.data, t.length);
  }
  fw_openai_poll(h);
}

static void give_prompt(fw_http *h) {
  static const fw_error lost = {FW_ERR_TURN, "another client's turn; ask again"};
  fw_error e;
  if (!fw_job_is(h->app, &h->client)) {
    end_with(h, lost);
    return;
  }
  do {
    const uint32_t taken = fw_job_write(h->app, &h->client, h->piece, h->piece_bytes);
    h->piece += taken;
    h->piece_bytes -= taken;
    if (h->piece_bytes) return;
  } while (h->chat && fw_chat_next(h));
  h->phase = FW_HTTP_TEXT;
  e = fw_job_generate(h->app, &h->client, &h->settings, 0);
  if (e.code) end_with(h, e);
}

void fw_openai_poll(fw_http *h) {
  if (h->phase == FW_HTTP_PROMPT) give_prompt(h);
  else if (h->phase == FW_HTTP_TEXT && h->stopped) fw_job_cancel(h->app, &h->client);
}

static void put_model(fw_text *t) {
  fw_put(t, "{\"id\":\"tinylm\",\"object\":\"model\",\"created\":0,\"owned_by\":\"tinylm\"}");
}

void fw_openai_models(fw_http *h) {
  fw_text t;
  fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
  fw_put(&t, "{\"object\":\"list\",\"data\":[");
  if (h->app->state == FW_MODEL_READY) put_model(&t);
  fw_put(&t, "]}");
  fw_answer_json(h, 200, t.data, t.length);
}

void fw_openai_model(fw_http *h, const char *id, uint32_t n) {
  static const fw_error other = {FW_ERR_UNKNOWN, "this device has no model of that name; it has one: tinylm"};
  static const fw_error none = {FW_ERR_UNKNOWN, "this device has no model; send one"};
  fw_text t;
  if (!fw_equal(id, n, "tinylm") || h->app->state != FW_MODEL_READY) {
    h->param = "model";
    h->param_bytes = 5;
    fw_answer_refuse(h, h->app->state == FW_MODEL_READY ? &other : &none);
    return;
  }
  fw_text_init(&t, h->app->scratch, sizeof h->app->scratch);
  put_model(&t);
  fw_answer_json(h, 200, t.data, t.length);
}
