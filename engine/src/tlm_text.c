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

/* A record of the merges. */
TLM_INLINE uint32_t pair_in(const uint8_t *p, uint32_t bytes) {
  /* 24 bits: left in the lower half */
  if (bytes == 3u) return (tlm_u16(p) & 0xFFFu) | ((uint32_t)p[1] >> 4 | (uint32_t)p[2] << 4) << 16;
  return bytes == 2u ? (uint32_t)p[0] | (uint32_t)p[1] << 16 : tlm_u32(p);
}

uint32_t tlm_merge(const tlm_model *m, uint32_t k) { return pair_in(m->merges + m->merge_bytes * k, m->merge_bytes); }

/* The base token of a unit, or TLM_NONE. Symbols stand in increasing order of their bytes. */
static int find_symbol(const tlm_model *m, const uint8_t *p, uint32_t n) {
  const uint32_t wanted = tlm_symbol_order(p, n);
  uint32_t first = TLM_TOKENIZER_FIRST_SYMBOL, low = 0, high = m->base_count - first, bytes = TLM_V1_RECORD_BYTES, i;
  const uint8_t *symbols = m->base + bytes * first;
  if (m->version != TLM_V1_VERSION) { /* only among those of n bytes */
    symbols = m->base;
    for (i = 1; i < n; i++) {
      symbols += i * m->symbols[i - 1u];
      first += m->symbols[i - 1u];
    }
    high = m->symbols[n - 1u];
    bytes = n;
  }
  while (low < high) {
    const uint32_t mid = (low + high) / 2u, order = tlm_symbol_order(symbols + bytes * mid, bytes);
    if (order == wanted) return (int)(first + mid);
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

/* ---- merges (2.2) ---- */

/* Pairs are ordered by their left id, then their right id; tlm_merge has the left one below. */
TLM_INLINE uint32_t order_of(uint32_t pair) { return pair << 16 | pair >> 16; }

TLM_INLINE int find_pair(const tlm_model *m, uint32_t pair, const uint32_t bytes) {
  const uint8_t *merges = m->merges, *index = m->merge_index;
  const uint32_t wanted = order_of(pair);
  uint32_t low = 0, high = m->merge_count, k;
  while (low < high) {
    const uint32_t mid = (low + high) >> 1;
    if (order_of(pair_in(merges + bytes * tlm_u16(index + 2u * mid), bytes)) < wanted) low = mid + 1u;
    else high = mid;
  }
  if (low == m->merge_count) return TLM_NONE;
  k = tlm_u16(index + 2u * low);
  return pair_in(merges + bytes * k, bytes) == pair ? (int)k : TLM_NONE;
}

int tlm_find_merge(const tlm_model *m, uint32_t left, uint32_t right) {
  const uint32_t pair = left | right << 16;
  return m->merge_bytes == 3u ? find_pair(m, pair, 3) : find_pair(m, pair, m->merge_bytes);
}

#define NO_MERGE 0xFFFFu
#define WORD_TOKENS_MAX (2u * TLM_TOKENIZER_WORD_BYTES_MAX)

/* The merge of two tokens, or NO_MERGE. Nibbles never merge. */
static uint16_t merge_of(const tlm_model *m, uint32_t left, uint32_t right) {
  const int k = left < TLM_TOKENIZER_FIRST_SYMBOL || right < TLM_TOKENIZER_FIRST_SYMBOL
                    ? TLM_NONE
                    : tlm_find_merge(m, left, right);
  return (uint16_t)(k == TLM_NONE ? (int)NO_MERGE : k);
}

/*
 * A word's merges, the lowest that there is a pair of again and again: the same as going through m = 0 … M−1. A merge
 * makes a token that only later merges use, and of two equal merges the first leaves nothing to the second.
 * With an index: each pair is looked up once.
 */
static uint32_t merge_by_index(const tlm_model *m, uint16_t *tokens, uint32_t count) {
  uint16_t merge[WORD_TOKENS_MAX]; /* of tokens i and i + 1 */
  uint32_t i, out;
  for (i = 0; i + 1u < count; i++) merge[i] = merge_of(m, tokens[i], tokens[i + 1u]);
  for (;;) {
    uint32_t lowest = NO_MERGE, is_new = 0;
    for (i = 0; i + 1u < count; i++) {
      if (merge[i] < lowest) lowest = merge[i];
    }
    if (lowest == NO_MERGE) return count;
    for (i = 0, out = 0; i < count; out++) {
      const uint32_t from = i, was_new = is_new;
      is_new = i + 1u < count && merge[i] == lowest;
      tokens[out] = is_new ? (uint16_t)(m->base_count + lowest) : tokens[i];
      i += 1u + is_new;
      if (out) merge[out - 1u] = was_new || is_new ? merge_of(m, tokens[out - 1u], tokens[out]) : merge[from - 1u];
    }
    count = out;
  }
}

/* Two tokens, as tlm_merge has them. */
TLM_INLINE uint32_t pair_at(const uint16_t *tokens, uint32_t i) { return tokens[i] | (uint32_t)tokens[i + 1u] << 16; }

/* The lowest merge from `from` on that a pair of the word is of, or M. */
static uint32_t lowest_by_scan(const tlm_model *m, const uint16_t *tokens, uint32_t count, uint32_t from) {
  const uint32_t bytes = m->merge_bytes;
  const uint8_t *merge = m->merges + bytes * from;
  /* The ids that stand left in a pair, and right, modulo 32: nearly all merges are passed over for their first byte. */
  uint32_t left = 0, right = 0, k, i;
  for (i = 0; i + 1u < count; i++) {
    left |= (uint32_t)1 << (tokens[i] & 31u);
    right |= (uint32_t)1 << (tokens[i + 1u] & 31u);
  }
  for (k = from; k < m->merge_count; k++, merge += bytes) {
    uint32_t pair;
    if (!(left >> (*merge & 31u) & 1u)) continue; /* in every form of a record the low bits of the left id */
    pair = pair_in(merge, bytes);
    if (!(right >> (pair >> 16 & 31u) & 1u)) continue;
    for (i = 0; i + 1u < count; i++) {
      if (pair_at(tokens, i) == pair) return k;
    }
  }
  return k;
}

/* The same without an index: one pass over the merges for a word. */
static uint32_t merge_by_scan(const tlm_model *m, uint16_t *tokens, uint32_t count) {
  uint32_t k = 0, i, out;
  while (count > 1u && (k = lowest_by_scan(m, tokens, count, k)) < m->merge_count) {
    const uint32_t pair = tlm_merge(m, k);
    for (i = 0, out = 0; i < count; out++) {
      if (i + 1u < count && pair_at(tokens, i) == pair) {
        tokens[out] = (uint16_t)(m->base_count + k);
        i += 2u;
      } else {
        tokens[out] = tokens[i++];
      }
    }
    count = out;
  }
  return count;
}

int tlm_encoder_next(tlm_encoder *e) {
  const tlm_model *m = e->model;
  uint32_t n, i, count = 1;
  if (e->next < e->count) return e->tokens[e->next++];
  if (!e->length) return TLM_NONE;
  n = first_word(e);
  if (!n) return TLM_NONE;
  if (m->tokenizer_kind == TLM_TOKENIZER_KIND_BYTE) {
    e->tokens[0] = e->bytes[0];
  } else {
    n = n < TLM_TOKENIZER_WORD_BYTES_MAX ? n : TLM_TOKENIZER_WORD_BYTES_MAX;
    count = units_to_tokens(m, e->bytes, n, e->tokens);
    count = m->merge_index ? merge_by_index(m, e->tokens, count) : merge_by_scan(m, e->tokens, count);
  }
  e->count = (uint8_t)count;
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
