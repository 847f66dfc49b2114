/* Text to tokens and back (SPEC.md 2). */
#include "tlm_internal.h"

/* ---- 2.1 units ---- */

uint32_t tlm_unit(const uint8_t *p, uint32_t n, int ended) {
  const uint32_t lead = p[0];
  const uint32_t wanted = lead < 0xC2u ? 1u : lead < 0xE0u ? 2u : lead < 0xF0u ? 3u : lead < 0xF5u ? 4u : 1u;
  uint32_t i;
  for (i = 1; i < wanted; i++) {
    if (i == n) return ended ? 1u : 0u;
    if ((p[i] & 0xC0u) != 0x80u) return 1u;
  }
  return wanted;
}

static int is_letter(uint32_t c) {
  return c >= 0x80u || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* ---- tables ---- */

const uint8_t *tlm_symbol(const tlm_model *m, uint32_t token, uint32_t *length) {
  uint32_t n, left = token - TLM_TOKENIZER_FIRST_SYMBOL;
  const uint8_t *p = m->base;
  if (m->version == TLM_V1_VERSION) { /* records, padded with zeros */
    p += TLM_V1_RECORD_BYTES * token;
    for (n = 1; n < TLM_TOKENIZER_SYMBOL_BYTES_MAX && p[n]; n++) {}
  } else { /* all of 1 byte, then all of 2 … */
    for (n = 1; left >= m->symbols[n - 1u]; n++) {
      p += n * m->symbols[n - 1u];
      left -= m->symbols[n - 1u];
    }
    p += n * left;
  }
  *length = n;
  return p;
}

uint32_t tlm_merge(const tlm_model *m, uint32_t k) {
  const uint8_t *p = m->merges + m->merge_bytes * k;
  if (m->merge_bytes == 2u) return (uint32_t)p[0] | (uint32_t)p[1] << 16;
  /* 24 bits: left in the lower half */
  if (m->merge_bytes == 3u) return (tlm_u16(p) & 0xFFFu) | ((uint32_t)p[1] >> 4 | (uint32_t)p[2] << 4) << 16;
  return tlm_u32(p);
}

/* The base token of a unit, or TLM_NONE. Symbols stand in increasing order of their bytes. */
static int find_symbol(const tlm_model *m, const uint8_t *p, uint32_t n) {
  const uint32_t wanted = tlm_symbol_order(p, n);
  uint32_t low = TLM_TOKENIZER_FIRST_SYMBOL, high = m->base_count;
  while (low < high) {
    const uint32_t mid = (low + high) / 2u;
    uint32_t length, order;
    const uint8_t *s = tlm_symbol(m, mid, &length);
    order = tlm_symbol_order(s, length);
    if (order == wanted) return (int)mid;
    if (order < wanted) low = mid + 1u;
    else high = mid;
  }
  return TLM_NONE;
}

uint32_t tlm_expand(const tlm_model *m, uint32_t token, uint8_t *text) {
  /* Right halves still to come. A text of 32 bytes is a tree of at most 32 leaves, so at most 31 wait. */
  uint16_t waiting[TLM_TOKENIZER_TOKEN_BYTES_MAX];
  uint32_t depth = 0, n = 0, i, length;
  if (m->tokenizer_kind == TLM_TOKENIZER_KIND_BYTE) {
    text[0] = (uint8_t)token;
    return 1;
  }
  for (;;) {
    while (token >= m->base_count) {
      const uint32_t pair = tlm_merge(m, token - m->base_count);
      waiting[depth++] = (uint16_t)(pair >> 16);
      token = pair & 0xFFFFu;
    }
    if (token >= TLM_TOKENIZER_FIRST_SYMBOL) {
      const uint8_t *p = tlm_symbol(m, token, &length);
      for (i = 0; i < length; i++) text[n++] = p[i];
    }
    if (!depth) return n;
    token = waiting[--depth];
  }
}

int tlm_token_text(const tlm_model *m, uint32_t token, uint8_t text[TLM_TEXT_MAX]) {
  if (token >= m->vocab) return TLM_E_TOKEN;
  return (int)tlm_expand(m, token, text);
}

/* ---- encoder ---- */

void tlm_encoder_init(tlm_encoder *e, const tlm_model *model) {
  e->model = model;
  e->length = 0;
  e->count = 0;
  e->next = 0;
  e->ended = 0;
}

uint32_t tlm_encoder_write(tlm_encoder *e, const void *bytes, uint32_t n) {
  const uint8_t *p = (const uint8_t *)bytes;
  uint32_t i;
  /* What was written before an end must be taken out first, so that it cannot join with this. */
  if (e->ended && (e->length || e->next < e->count)) return 0;
  e->ended = 0;
  for (i = 0; i < n && e->length < sizeof e->bytes; i++) e->bytes[e->length++] = p[i];
  return i;
}

void tlm_encoder_end(tlm_encoder *e) { e->ended = 1; }

/*
 * Bytes of the first word in the buffer, 0 while later bytes could make it longer. A word is at most
 * 32 bytes and its end is known at most 4 bytes later, so the buffer of 36 always decides.
 */
static uint32_t first_word(const tlm_encoder *e) {
  const uint8_t *p = e->bytes;
  uint32_t at = 0, unit;
  if (e->model->tokenizer_kind == TLM_TOKENIZER_KIND_BYTE) return 1;
  if (e->model->tokenizer_kind == TLM_TOKENIZER_KIND_CHAR) return tlm_unit(p, e->length, e->ended);
  if (p[0] == ' ') {
    if (e->length == 1) return e->ended ? 1u : 0u;
    at = 1;
  }
  if (!is_letter(p[at])) return 1; /* a lone space, or any other byte */
  for (;;) {
    if (at == e->length) return e->ended || at == TLM_TOKENIZER_WORD_BYTES_MAX ? at : 0u;
    if (!is_letter(p[at])) return at;
    unit = tlm_unit(p + at, e->length - at, e->ended);
    if (!unit) return 0;
    if (at + unit > TLM_TOKENIZER_WORD_BYTES_MAX) return at;
    at += unit;
  }
}

/* Units to tokens: a base symbol, or two nibbles a byte (at most 64 tokens for 32 bytes). */
static uint32_t units_to_tokens(const tlm_model *m, const uint8_t *p, uint32_t n, uint16_t *tokens) {
  uint32_t count = 0, at = 0, i;
  while (at < n) {
    const uint32_t unit = tlm_unit(p + at, n - at, 1);
    const int symbol = find_symbol(m, p + at, unit);
    if (symbol >= 0) {
      tokens[count++] = (uint16_t)symbol;
    } else {
      for (i = at; i < at + unit; i++) {
        tokens[count++] = (uint16_t)(m->nibble_base + (p[i] >> 4));
        tokens[count++] = (uint16_t)(m->nibble_base + (p[i] & 15));
      }
    }
    at += unit;
  }
  return count;
}

/* 2.2: for m = 0 … M−1, each pair equal to merge m becomes its token, from left to right. */
static uint32_t apply_merges(const tlm_model *m, uint16_t *tokens, uint32_t count) {
  /* One bit for each left id modulo 32 spares most merges the look through the word. */
  uint32_t seen = 0, i, k, out;
  for (i = 0; i + 1u < count; i++) seen |= (uint32_t)1 << (tokens[i] & 31u);
  for (k = 0; k < m->merge_count && count > 1u; k++) {
    const uint32_t pair = tlm_merge(m, k), left = pair & 0xFFFFu, right = pair >> 16;
    if (!(seen >> (left & 31u) & 1u)) continue;
    for (i = 0, out = 0; i < count; out++) {
      if (tokens[i] == left && i + 1u < count && tokens[i + 1u] == right) {
        tokens[out] = (uint16_t)(m->base_count + k);
        seen |= (uint32_t)1 << (tokens[out] & 31u);
        i += 2;
      } else {
        tokens[out] = tokens[i++];
      }
    }
    count = out;
  }
  return count;
}

int tlm_encoder_next(tlm_encoder *e) {
  uint32_t n, i;
  if (e->next < e->count) return e->tokens[e->next++];
  if (!e->length) return TLM_NONE;
  n = first_word(e);
  if (!n) return TLM_NONE;
  if (e->model->tokenizer_kind == TLM_TOKENIZER_KIND_BYTE) {
    e->tokens[0] = e->bytes[0];
    e->count = 1;
  } else {
    n = n < TLM_TOKENIZER_WORD_BYTES_MAX ? n : TLM_TOKENIZER_WORD_BYTES_MAX;
    e->count = (uint8_t)apply_merges(e->model, e->tokens, units_to_tokens(e->model, e->bytes, n, e->tokens));
  }
  e->length = (uint8_t)(e->length - n);
  for (i = 0; i < e->length; i++) e->bytes[i] = e->bytes[i + n];
  e->next = 1;
  return e->tokens[0];
}

int32_t tlm_encode(const tlm_model *model, const void *text, uint32_t n, uint16_t *tokens, uint32_t cap) {
  const uint8_t *p = (const uint8_t *)text;
  tlm_encoder e;
  uint32_t count = 0;
  int token;
  if (!model || (n && !text)) return TLM_E_ARGUMENT;
  tlm_encoder_init(&e, model);
  for (;;) {
    const uint32_t taken = tlm_encoder_write(&e, p, n);
    p += taken;
    n -= taken;
    if (!n) tlm_encoder_end(&e);
    while ((token = tlm_encoder_next(&e)) != TLM_NONE) {
      if (count == cap) return TLM_E_SPACE;
      tokens[count++] = (uint16_t)token;
    }
    if (!n && e.ended && !e.length) return (int32_t)count;
  }
}

/* ---- 2.3 decoder ---- */

#define NO_NIBBLE 0xFFu

void tlm_decoder_init(tlm_decoder *d, const tlm_model *model) {
  d->model = model;
  d->held_count = 0;
  d->nibble = NO_NIBBLE;
}

/* Moves whole units from what is held to text; returns bytes written. */
static uint32_t release(tlm_decoder *d, uint8_t *text, int ended) {
  uint32_t n = 0, unit, i;
  while (d->held_count && (unit = tlm_unit(d->held, d->held_count, ended)) != 0) {
    d->held_count = (uint8_t)(d->held_count - unit);
    for (i = 0; i < unit; i++) text[n++] = d->held[i];
    for (i = 0; i < d->held_count; i++) d->held[i] = d->held[i + unit];
  }
  return n;
}

static uint32_t put_byte(tlm_decoder *d, uint8_t byte, uint8_t *text) {
  d->held[d->held_count++] = byte; /* at most 3 were held */
  return release(d, text, 0);
}

int tlm_decode(tlm_decoder *d, uint32_t token, uint8_t text[TLM_TEXT_MAX]) {
  const tlm_model *m = d->model;
  uint8_t raw[TLM_TOKENIZER_TOKEN_BYTES_MAX];
  uint32_t n, i, out = 0;
  if (token >= m->vocab) return TLM_E_TOKEN;
  if (m->nibble_base != TLM_V1_NO_NIBBLES && token >= m->nibble_base &&
      token < (uint32_t)m->nibble_base + TLM_TOKENIZER_NIBBLE_COUNT) {
    const uint32_t value = token - m->nibble_base;
    if (d->nibble == NO_NIBBLE) {
      d->nibble = (uint8_t)value;
      return 0;
    }
    raw[0] = (uint8_t)((uint32_t)d->nibble << 4 | value);
    d->nibble = NO_NIBBLE;
    return (int)put_byte(d, raw[0], text);
  }
  d->nibble = NO_NIBBLE;
  n = tlm_expand(m, token, raw);
  for (i = 0; i < n; i++) out += put_byte(d, raw[i], text + out);
  return (int)out;
}

int tlm_decode_end(tlm_decoder *d, uint8_t text[TLM_TEXT_MAX]) {
  d->nibble = NO_NIBBLE;
  return (int)release(d, text, 1);
}
