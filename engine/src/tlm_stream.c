/* A conversation over two ring buffers, a bounded piece of work at a time. */
#include "tlm_internal.h"

TLM_SMALL_CODE

/*
 * Free output bytes before a token is generated. It writes at most its text and what the stop string
 * held (36 + 31); the rest is for the end of the turn, which may come at any time: 3 + 31.
 */
#define ROOM (TLM_TEXT_MAX + TLM_TEXT_MAX + TLM_STOP_MAX)

static int options_valid(const tlm_stream_options *o) {
  return !o || (o->stop_bytes <= TLM_STOP_MAX && (o->stop || !o->stop_bytes));
}

int tlm_stream_set(tlm_stream *s, const tlm_stream_options *o) {
  uint32_t i;
  if (!s || !options_valid(o)) return TLM_E_ARGUMENT;
  s->max_tokens = o ? o->max_tokens : 0u;
  s->continuous = o ? o->continuous != 0 : 0;
  s->stop_bytes = (uint8_t)(o ? o->stop_bytes : 0u);
  for (i = 0; i < s->stop_bytes; i++) s->stop[i] = (uint8_t)o->stop[i];
  return TLM_OK;
}

int tlm_stream_start(tlm_stream *s, const tlm_stream_options *o) {
  const int code = tlm_stream_set(s, o);
  if (code) return code;
  s->in_start = s->in_count = 0;
  s->out_start = s->out_count = 0;
  tlm_encoder_init(&s->encoder, s->engine->model);
  tlm_decoder_init(&s->decoder, s->engine->model);
  s->generated = 0;
  s->prompt_count = 0;
  s->pending = -1;
  s->tail_count = 0;
  s->submitted = 0;
  s->flush = 0;
  s->reason = TLM_STREAM_NOT_ENDED;
  s->ended = 0;
  tlm_reset(s->engine);
  return tlm_step(s->engine, tlm_eod(s->engine->model));
}

int tlm_stream_init(tlm_stream *s, tlm_engine *engine, tlm_sampler *sampler, void *in, uint32_t in_bytes, void *out,
                    uint32_t out_bytes, const tlm_stream_options *o) {
  if (!s || !engine || !sampler || !in || !in_bytes || !out || out_bytes < TLM_STREAM_OUTPUT_MIN || !options_valid(o)) {
    return TLM_E_ARGUMENT;
  }
  s->engine = engine;
  s->sampler = sampler;
  s->in = (uint8_t *)in;
  s->in_size = in_bytes;
  s->out = (uint8_t *)out;
  s->out_size = out_bytes;
  return tlm_stream_start(s, o);
}

/* A write or a submit after the end begins the next turn of the same conversation. */
static void begin_turn(tlm_stream *s) {
  if (!s->ended) return;
  s->ended = 0;
  s->reason = TLM_STREAM_NOT_ENDED;
  s->submitted = 0;
  s->generated = 0;
  s->prompt_count = 0;
}

uint32_t tlm_stream_write(tlm_stream *s, const void *bytes, uint32_t n) {
  const uint8_t *p = (const uint8_t *)bytes;
  uint32_t taken = 0;
  if (!p || !n) return 0;
  begin_turn(s);
  while (taken < n && s->in_count < s->in_size) {
    uint32_t at = s->in_start + s->in_count++;
    if (at >= s->in_size) at -= s->in_size;
    s->in[at] = p[taken++];
  }
  return taken;
}

int tlm_stream_submit(tlm_stream *s) {
  if (!s) return TLM_E_ARGUMENT;
  begin_turn(s);
  s->submitted = 1;
  s->flush = 1;
  return TLM_OK;
}

/* ---- output ---- */

static void put(tlm_stream *s, uint8_t byte) {
  uint32_t at = s->out_start + s->out_count++;
  if (at >= s->out_size) at -= s->out_size;
  s->out[at] = byte;
}

/* The first `n` bytes of the tail leave it. */
static void drop_tail(tlm_stream *s, uint32_t n) {
  uint32_t i;
  s->tail_count = (uint8_t)(s->tail_count - n);
  for (i = 0; i < s->tail_count; i++) s->tail[i] = s->tail[i + n];
}

/*
 * Output passes through the tail, which is always the longest end of the text that is a beginning of
 * the stop string. Returns 1 when the tail is all of it.
 */
static int emit(tlm_stream *s, const uint8_t *text, uint32_t n) {
  uint32_t i, k;
  for (i = 0; i < n; i++) {
    if (!s->stop_bytes && !s->tail_count) {
      put(s, text[i]);
      continue;
    }
    s->tail[s->tail_count++] = text[i];
    for (;;) {
      for (k = 0; k < s->tail_count && k < s->stop_bytes && s->tail[k] == s->stop[k]; k++) {}
      if (k == s->tail_count) break;
      put(s, s->tail[0]);
      drop_tail(s, 1);
    }
    if (s->stop_bytes && s->tail_count == s->stop_bytes) return 1;
  }
  return 0;
}

static void end_turn(tlm_stream *s, tlm_stream_reason_code reason) {
  uint8_t text[TLM_TEXT_MAX];
  const int n = tlm_decode_end(&s->decoder, text);
  uint32_t i;
  if (reason != TLM_STREAM_STOP) {
    if (emit(s, text, (uint32_t)n)) reason = TLM_STREAM_STOP;
  }
  /* What waited for the rest of a stop string is ordinary text now; a stop string itself is not output. */
  if (reason != TLM_STREAM_STOP) {
    for (i = 0; i < s->tail_count; i++) put(s, s->tail[i]);
  }
  s->tail_count = 0;
  s->ended = 1;
  s->submitted = 0;
  s->reason = (uint8_t)reason;
}

/* ---- work ---- */

static int feed_pending(tlm_stream *s) {
  const int32_t token = s->pending;
  s->pending = -1;
  return token < 0 ? TLM_OK : tlm_step(s->engine, (uint32_t)token);
}

/* The next prompt token out of the input ring, or TLM_NONE. */
static int next_prompt_token(tlm_stream *s) {
  for (;;) {
    const int token = tlm_encoder_next(&s->encoder);
    uint32_t run;
    if (token != TLM_NONE) return token;
    if (!s->in_count) {
      /* Everything written before the submit is in the encoder: what it holds back is the last word. */
      if (!s->flush) return TLM_NONE;
      s->flush = 0;
      tlm_encoder_end(&s->encoder);
      continue;
    }
    run = s->in_size - s->in_start < s->in_count ? s->in_size - s->in_start : s->in_count;
    run = tlm_encoder_write(&s->encoder, s->in + s->in_start, run);
    s->in_start += run;
    if (s->in_start == s->in_size) s->in_start = 0;
    s->in_count -= run;
  }
}

static int generate(tlm_stream *s) {
  uint8_t text[TLM_TEXT_MAX];
  const tlm_model *m = s->engine->model;
  int token, n;
  if (s->out_size - s->out_count < ROOM) return TLM_STREAM_FULL;
  if (s->max_tokens && s->generated >= s->max_tokens && !s->continuous) {
    end_turn(s, TLM_STREAM_LIMIT);
    return TLM_STREAM_ENDED;
  }
  n = feed_pending(s);
  if (n < 0) return n;
  token = tlm_sample(s->engine, s->sampler);
  if (token < 0) return token;
  if ((uint32_t)token == m->eod) {
    if (!s->continuous) {
      end_turn(s, TLM_STREAM_EOD);
      return TLM_STREAM_ENDED;
    }
    /* A new document begins in the same stream; eod itself gives no text. */
    s->pending = token;
    s->generated++;
    return TLM_STREAM_GENERATING;
  }
  s->pending = token;
  s->generated++;
  n = tlm_decode(&s->decoder, (uint32_t)token, text);
  if (emit(s, text, (uint32_t)n)) {
    end_turn(s, TLM_STREAM_STOP);
    return TLM_STREAM_ENDED;
  }
  if (s->max_tokens && s->generated >= s->max_tokens && !s->continuous) {
    end_turn(s, TLM_STREAM_LIMIT);
    return TLM_STREAM_ENDED;
  }
  return TLM_STREAM_GENERATING;
}

int tlm_stream_poll(tlm_stream *s) {
  int token;
  if (s->ended) return TLM_STREAM_ENDED;
  token = next_prompt_token(s);
  if (token != TLM_NONE) {
    int code;
    if (s->pending >= 0) {
      /* The model's own last token comes first; this one waits for the next poll. */
      s->encoder.next--;
      code = feed_pending(s);
    } else {
      s->prompt_count++;
      code = tlm_step(s->engine, (uint32_t)token);
    }
    return code < 0 ? code : TLM_STREAM_PROMPT;
  }
  return s->submitted ? generate(s) : TLM_STREAM_IDLE;
}

uint32_t tlm_stream_read(tlm_stream *s, void *text, uint32_t cap) {
  uint8_t *p = (uint8_t *)text;
  uint32_t n = s->out_count < cap ? s->out_count : cap, i;
  if (!p || !n) return 0;
  for (i = 0; i < n; i++) {
    uint32_t at = s->out_start + i;
    if (at >= s->out_size) at -= s->out_size;
    p[i] = s->out[at];
  }
  if (n < s->out_count) {
    /* More follows: a character that does not fit whole waits for the next read. */
    for (i = 1; i <= 3u && i < n; i++) {
      if ((p[n - i] & 0xC0u) != 0x80u) {
        if (!tlm_unit(p + n - i, i, 0)) n -= i;
        break;
      }
    }
  }
  s->out_start += n;
  if (s->out_start >= s->out_size) s->out_start -= s->out_size;
  s->out_count -= n;
  return n;
}

void tlm_stream_cancel(tlm_stream *s) {
  s->in_start = s->in_count = 0;
  tlm_encoder_init(&s->encoder, s->engine->model);
  s->flush = 0;
  if (s->ended) return;
  end_turn(s, TLM_STREAM_CANCELLED);
}

int tlm_stream_reason(const tlm_stream *s) { return s->reason; }
uint32_t tlm_stream_generated(const tlm_stream *s) { return s->generated; }
uint32_t tlm_stream_prompt_tokens(const tlm_stream *s) { return s->prompt_count; }
