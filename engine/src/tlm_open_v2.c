/* Files of version 2 (SPEC.md 1): every offset follows from what the header and the records say of the model. */
#include "tlm_reader.h"

TLM_SMALL_CODE

/*
 * Takes the next section, at the next multiple of `align`; *at is where it begins. field: where what decides its size
 * stands. The bytes up to it are zero.
 */
static int take(tlm_reader *r, uint32_t field, uint32_t bytes, uint32_t align, uint32_t *at) {
  const uint32_t begin = (r->cursor + align - 1u) & ~(align - 1u);
  int code;
  *at = begin;
  if (begin > r->end || bytes > r->end - begin) return tlm_refuse(r, TLM_E_LAYOUT, field, begin + bytes, r->end);
  code = tlm_check_gap(r, begin);
  r->cursor = begin + bytes;
  return code;
}

/* ---- 1.1: header, records of n-gram tables and of layers ---- */

/* What the model is best sampled with: all zero, or a penalty and the rest in the ranges of section 4. */
static int check_sampling(const tlm_reader *r) {
  const uint8_t *h = r->blob;
  const uint32_t temperature = tlm_u16(h + TLM_HEADER_TEMPERATURE), top_k = tlm_u16(h + TLM_HEADER_TOP_K);
  const uint32_t penalty = tlm_u16(h + TLM_HEADER_PENALTY), window = h[TLM_HEADER_PENALTY_WINDOW];
  if (penalty == 0) {
    EQUAL(TLM_E_HEADER, TLM_HEADER_TEMPERATURE, temperature, 0u);
    EQUAL(TLM_E_HEADER, TLM_HEADER_TOP_K, top_k, 0u);
    EQUAL(TLM_E_HEADER, TLM_HEADER_PENALTY_WINDOW, window, 0u);
    return TLM_OK;
  }
  if (temperature) {
    IN_RANGE(TLM_E_HEADER, TLM_HEADER_TEMPERATURE, temperature, TLM_SAMPLER_TEMPERATURE_MIN,
             TLM_SAMPLER_TEMPERATURE_MAX);
  }
  IN_RANGE(TLM_E_HEADER, TLM_HEADER_PENALTY, penalty, TLM_SAMPLER_PENALTY_OFF, TLM_SAMPLER_PENALTY_MAX);
  AT_MOST(TLM_E_HEADER, TLM_HEADER_PENALTY_WINDOW, window, TLM_SAMPLER_PENALTY_WINDOW_MAX);
  return TLM_OK;
}

static int check_header(tlm_reader *r, tlm_model *m) {
  const uint8_t *h = r->blob;
  uint32_t layers_max = TLM_LIMIT_LAYERS_MAX, v;
  int code;
  v = h[TLM_HEADER_FLAGS];
  if (v & ~(uint32_t)TLM_FLAG_ALL) return tlm_refuse(r, TLM_E_HEADER, TLM_HEADER_FLAGS, v, TLM_FLAG_ALL);
  m->tied = (v & TLM_FLAG_TIED) != 0;
  m->reset_on_eod = (v & TLM_FLAG_RESET_ON_EOD) != 0;
  v = h[TLM_HEADER_EMBED_FRAC];
  AT_MOST(TLM_E_HEADER, TLM_HEADER_EMBED_FRAC, v, TLM_LIMIT_EMBED_FRAC_MAX);
  m->embed_frac = (uint8_t)v;
  v = h[TLM_HEADER_TOKENIZER_KIND];
  IN_RANGE(TLM_E_HEADER, TLM_HEADER_TOKENIZER_KIND, v, TLM_TOKENIZER_KIND_BYTE, TLM_TOKENIZER_KIND_BPE);
  m->tokenizer_kind = (uint8_t)v;
  v = h[TLM_HEADER_NGRAMS];
  AT_MOST(TLM_E_HEADER, TLM_HEADER_NGRAMS, v, TLM_LIMIT_NGRAMS_MAX);
#ifdef TLM_WITHOUT_NGRAMS
  EQUAL(TLM_E_HEADER, TLM_HEADER_NGRAMS, v, 0u);
#endif
  m->ngrams = (uint8_t)v;
  v = tlm_u16(h + TLM_HEADER_VOCAB);
  IN_RANGE(TLM_E_HEADER, TLM_HEADER_VOCAB, v, TLM_LIMIT_VOCAB_MIN, TLM_LIMIT_VOCAB_MAX);
  m->vocab = (uint16_t)v;
  v = tlm_u16(h + TLM_HEADER_DIM);
  IN_RANGE(TLM_E_HEADER, TLM_HEADER_DIM, v, TLM_LIMIT_DIM_MIN, TLM_LIMIT_DIM_MAX);
  m->dim = (uint16_t)v;
  v = h[TLM_HEADER_LAYERS];
  if (layers_max > TLM_LAYERS_MAX) layers_max = TLM_LAYERS_MAX;
  IN_RANGE(TLM_E_HEADER, TLM_HEADER_LAYERS, v, TLM_LIMIT_LAYERS_MIN, layers_max);
  m->layers = (uint8_t)v;
  v = tlm_u16(h + TLM_HEADER_EOD);
  EQUAL(TLM_E_HEADER, TLM_HEADER_EOD, v, TLM_TOKENIZER_EOD);
  m->eod = (uint16_t)v;
  m->metadata_bytes = tlm_u16(h + TLM_HEADER_METADATA_BYTES);
  AT_MOST(TLM_E_HEADER, TLM_HEADER_METADATA_BYTES, m->metadata_bytes, TLM_FILE_METADATA_BYTES_MAX);
  v = tlm_u16(h + TLM_HEADER_RESERVED);
  EQUAL(TLM_E_HEADER, TLM_HEADER_RESERVED, v, 0u);
  code = check_sampling(r);
  if (code) return code;
  v = h[TLM_HEADER_CACHE_LOG];
#ifdef TLM_WITHOUT_CACHE
  EQUAL(TLM_E_HEADER, TLM_HEADER_CACHE_LOG, v, 0u);
#endif
  if (v) IN_RANGE(TLM_E_HEADER, TLM_HEADER_CACHE_LOG, v, TLM_LIMIT_CACHE_LOG_MIN, TLM_LIMIT_CACHE_LOG_MAX);
  m->cache = (uint16_t)(v ? (uint32_t)1 << v : 0u);
  r->cursor = TLM_FILE_HEADER_BYTES;
  return TLM_OK;
}

static int check_ngrams(tlm_reader *r, tlm_model *m) {
  uint32_t input = m->dim, at, i;
  int code = take(r, TLM_HEADER_NGRAMS, TLM_FILE_NGRAM_BYTES * (uint32_t)m->ngrams, 1, &at);
  if (code) return code;
  for (i = 0; i < m->ngrams; i++, at += TLM_FILE_NGRAM_BYTES) {
    const uint8_t *p = r->blob + at;
    const uint32_t order = p[TLM_RECORD_NGRAM_ORDER], rows = p[TLM_RECORD_NGRAM_ROWS_LOG];
    const uint32_t width = tlm_u16(p + TLM_RECORD_NGRAM_WIDTH);
    IN_RANGE(TLM_E_HEADER, at + TLM_RECORD_NGRAM_ORDER, order, TLM_LIMIT_NGRAM_ORDER_MIN, TLM_LIMIT_NGRAM_ORDER_MAX);
    IN_RANGE(TLM_E_HEADER, at + TLM_RECORD_NGRAM_ROWS_LOG, rows, TLM_LIMIT_NGRAM_ROWS_LOG_MIN,
             TLM_LIMIT_NGRAM_ROWS_LOG_MAX);
    IN_RANGE(TLM_E_HEADER, at + TLM_RECORD_NGRAM_WIDTH, width, TLM_LIMIT_NGRAM_WIDTH_MIN, TLM_LIMIT_NGRAM_WIDTH_MAX);
    EQUAL(TLM_E_HEADER, at + TLM_RECORD_NGRAM_RESERVED, tlm_u32(p + TLM_RECORD_NGRAM_RESERVED), 0u);
    m->ngram[i].order = (uint8_t)order;
    m->ngram[i].rows_log = (uint8_t)rows;
    m->ngram[i].width = (uint16_t)width;
    input += width;
  }
  AT_MOST(TLM_E_HEADER, TLM_HEADER_DIM, input, TLM_LIMIT_WIDTH_MAX);
  m->input = (uint16_t)input;
  return TLM_OK;
}

static int check_layers(tlm_reader *r, tlm_model *m) {
  uint32_t at, i;
  int code = take(r, TLM_HEADER_LAYERS, TLM_FILE_LAYER_BYTES * (uint32_t)m->layers, 1, &at);
  if (code) return code;
  for (i = 0; i < m->layers; i++, at += TLM_FILE_LAYER_BYTES) {
    const uint8_t *p = r->blob + at;
    const uint32_t kind = p[TLM_RECORD_LAYER_KIND], width = tlm_u16(p + TLM_RECORD_LAYER_WIDTH);
    if (!tlm_layer_step_of(kind)) return tlm_refuse(r, TLM_E_CELL, at + TLM_RECORD_LAYER_KIND, kind, TLM_LAYER_GRU);
    EQUAL(TLM_E_HEADER, at + TLM_RECORD_LAYER_RESERVED, p[TLM_RECORD_LAYER_RESERVED], 0u);
    IN_RANGE(TLM_E_HEADER, at + TLM_RECORD_LAYER_WIDTH, width, TLM_LIMIT_WIDTH_MIN, TLM_LIMIT_WIDTH_MAX);
    m->layer[i].kind = (uint8_t)kind;
    m->layer[i].width = (uint16_t)width;
  }
  tlm_place_layers(m);
  if (m->tied) EQUAL(TLM_E_HEADER, TLM_HEADER_DIM, m->dim, m->hidden);
  return TLM_OK;
}

/* ---- 1.4 ---- */

static int check_symbols(const tlm_reader *r, const tlm_model *m, uint32_t at) {
  uint32_t length, i, last = 0;
  for (length = 1; length <= TLM_TOKENIZER_SYMBOL_BYTES_MAX; length++) {
    for (i = 0; i < m->symbols[length - 1u]; i++, at += length) {
      const int code = tlm_check_symbol(r, r->blob + at, length, &last);
      if (code) return code;
    }
  }
  return TLM_OK;
}

/* Numbers of all merges, in increasing order of (left, right, number). */
static int check_index(const tlm_reader *r, const tlm_model *m, uint32_t at) {
  uint32_t i, last_pair = 0, last_merge = 0;
  for (i = 0; i < m->merge_count; i++, at += 2u) {
    const uint32_t merge = tlm_u16(r->blob + at);
    uint32_t pair;
    AT_MOST(TLM_E_TOKENIZER, at, merge, m->merge_count - 1u);
    pair = tlm_merge(m, merge);
    pair = pair << 16 | pair >> 16; /* the left id decides first */
    if (i && (pair < last_pair || (pair == last_pair && merge <= last_merge))) {
      return tlm_refuse(r, TLM_E_TOKENIZER, at, merge, last_merge);
    }
    last_pair = pair;
    last_merge = merge;
  }
  return TLM_OK;
}

static int check_tables(const tlm_reader *r, tlm_model *m, uint32_t at, uint32_t bytes) {
  uint32_t i, base = TLM_TOKENIZER_FIRST_SYMBOL, symbol_bytes = 0, symbols, merges, merge_bytes, wanted;
  int code;
  if (bytes < TLM_TOKENIZER_COUNTS_BYTES) {
    return tlm_refuse(r, TLM_E_TOKENIZER, TLM_HEADER_TOKENIZER_BYTES, bytes, TLM_TOKENIZER_COUNTS_BYTES);
  }
  for (i = 0; i < 4u; i++) {
    const uint32_t count = tlm_u16(r->blob + at + 2u * i);
    base += count;
    symbol_bytes += count * (i + 1u);
    m->symbols[i] = (uint16_t)count;
  }
  AT_MOST(TLM_E_TOKENIZER, at, base, m->vocab);
  if (m->tokenizer_kind != TLM_TOKENIZER_KIND_BPE) EQUAL(TLM_E_TOKENIZER, at, base, m->vocab);
  m->base_count = (uint16_t)base;
  m->merge_count = (uint16_t)(m->vocab - base);
  m->nibble_base = TLM_TOKENIZER_FIRST_NIBBLE;
  m->merge_bytes = m->vocab <= TLM_TOKENIZER_BYTE_IDS_MAX ? 2u : 3u;
  symbols = at + TLM_TOKENIZER_COUNTS_BYTES;
  merges = symbols + symbol_bytes + (symbol_bytes & 1u);
  merge_bytes = (uint32_t)m->merge_count * m->merge_bytes;
  wanted = merges - at + merge_bytes;
  if (m->vocab > TLM_TOKENIZER_INDEX_ABOVE) wanted += (merge_bytes & 1u) + 2u * m->merge_count;
  EQUAL(TLM_E_TOKENIZER, TLM_HEADER_TOKENIZER_BYTES, bytes, wanted);
  m->base = r->blob + symbols;
  m->merges = r->blob + merges;
  code = check_symbols(r, m, symbols);
  if (code) return code;
  if (symbol_bytes & 1u) EQUAL(TLM_E_GAP, merges - 1u, r->blob[merges - 1u], 0u);
  code = tlm_check_merges(r, m, merges);
  if (code || m->vocab <= TLM_TOKENIZER_INDEX_ABOVE) return code;
  merges += merge_bytes;
  if (merge_bytes & 1u) EQUAL(TLM_E_GAP, merges, r->blob[merges], 0u);
  merges += merge_bytes & 1u;
  m->merge_index = r->blob + merges;
  return check_index(r, m, merges);
}

static int check_tokenizer(tlm_reader *r, tlm_model *m) {
  const uint32_t bytes = tlm_u32(r->blob + TLM_HEADER_TOKENIZER_BYTES);
  uint32_t at;
  int code = take(r, TLM_HEADER_TOKENIZER_BYTES, bytes, TLM_FILE_ALIGN, &at);
  if (code) return code;
  m->base = m->merges = m->merge_index = NULL;
  if (m->tokenizer_kind != TLM_TOKENIZER_KIND_BYTE) return check_tables(r, m, at, bytes);
  EQUAL(TLM_E_TOKENIZER, TLM_HEADER_VOCAB, m->vocab, TLM_TOKENIZER_BYTE_TOKENS);
  EQUAL(TLM_E_TOKENIZER, TLM_HEADER_TOKENIZER_BYTES, bytes, 0u);
  m->base_count = TLM_TOKENIZER_BYTE_TOKENS;
  m->merge_count = 0;
  m->nibble_base = TLM_V1_NO_NIBBLES;
  m->merge_bytes = 2;
  m->symbols[0] = m->symbols[1] = m->symbols[2] = m->symbols[3] = 0;
  return TLM_OK;
}

/* ---- 1.2 ---- */

/* A group of tensors has the trits of its first one. */
static int check_trits(tlm_reader *r, tlm_model *m, const tlm_planned *p) {
  const uint32_t at = r->records + TLM_FILE_TENSOR_BYTES * p->index + TLM_RECORD_TENSOR_TRITS, trits = r->blob[at];
  uint8_t *first = &r->trits[p->rule->group];
  (void)m;
  if (p->rule->role != TLM_ROLE_LOOKUP && p->rule->role != TLM_ROLE_PRODUCT) {
    EQUAL(TLM_E_DIRECTORY, at, trits, 0u);
    return TLM_OK;
  }
  IN_RANGE(TLM_E_DIRECTORY, at, trits, TLM_LIMIT_TRITS_MIN, TLM_LIMIT_TRITS_MAX);
  if (*first) EQUAL(TLM_E_DIRECTORY, at, trits, *first);
  *first = (uint8_t)trits;
  return TLM_OK;
}

static int check_numbers(tlm_reader *r, tlm_tensor *t, const tlm_planned *p, uint32_t at) {
  const uint8_t *e = r->blob + at;
  const uint32_t type = e[TLM_RECORD_TENSOR_TYPE], frac = e[TLM_RECORD_TENSOR_SHIFT];
  const uint32_t bytes = type == TLM_TYPE_I8 ? 1u : 2u;
  uint32_t frac_max = p->rule->frac_max;
  int code;
  IN_RANGE(TLM_E_DIRECTORY, at + TLM_RECORD_TENSOR_TYPE, type, TLM_TYPE_I16, TLM_TYPE_I8);
  EQUAL(TLM_E_DIRECTORY, at + TLM_RECORD_TENSOR_SCALE_BYTES, e[TLM_RECORD_TENSOR_SCALE_BYTES], 0u);
  if (type == TLM_TYPE_I8 && frac_max > TLM_LIMIT_BYTE_FRAC_MAX) frac_max = TLM_LIMIT_BYTE_FRAC_MAX;
  IN_RANGE(TLM_E_SCALE, at + TLM_RECORD_TENSOR_SHIFT, frac, p->rule->frac_min, frac_max);
  tlm_set_tensor(t, p, type, 1, bytes);
  t->frac = (uint8_t)frac;
  code = take(r, at + TLM_RECORD_TENSOR_TYPE, p->rows * bytes, bytes, &t->offset);
  t->data = r->blob + t->offset;
  return code;
}

static int check_matrix(tlm_reader *r, tlm_model *m, const tlm_planned *p, uint32_t at) {
  const uint8_t *e = r->blob + at;
  const uint32_t type = e[TLM_RECORD_TENSOR_TYPE], trits = e[TLM_RECORD_TENSOR_TRITS];
  const uint32_t shift = e[TLM_RECORD_TENSOR_SHIFT], scale_bytes = e[TLM_RECORD_TENSOR_SCALE_BYTES];
  const uint32_t row_bytes = tlm_row_bytes(type, p->cols), bytes = trits * p->rows * row_bytes;
  const uint32_t scales = p->rule->id == TLM_TENSOR_NGRAM_WEIGHT ? 1u : p->rows;
  const uint32_t align = bytes < TLM_FILE_LARGE_BYTES ? TLM_FILE_ALIGN : TLM_FILE_LARGE_ALIGN;
  tlm_tensor *t = &m->tensors[p->index];
  uint32_t scale;
  int code;
  IN_RANGE(TLM_E_DIRECTORY, at + TLM_RECORD_TENSOR_TYPE, type, TLM_TYPE_T2, TLM_TYPE_B3);
  IN_RANGE(TLM_E_DIRECTORY, at + TLM_RECORD_TENSOR_SCALE_BYTES, scale_bytes, 1u, 2u);
  AT_MOST(TLM_E_SCALE, at + TLM_RECORD_TENSOR_SHIFT, shift, TLM_LIMIT_SCALE_SHIFT_MAX);
  tlm_set_tensor(t, p, type, trits, row_bytes);
  t->shift = (uint8_t)shift;
  t->scale_bytes = (uint8_t)scale_bytes;
  code = take(r, at + TLM_RECORD_TENSOR_SCALE_BYTES, scales * scale_bytes, scale_bytes, &scale);
  if (code) return code;
  t->scale = r->blob + scale;
  code = take(r, at + TLM_RECORD_TENSOR_TYPE, bytes, align, &t->offset);
  if (code) return code;
  t->data = r->blob + t->offset;
  m->weights += p->rows * p->cols;
  m->weight_bytes += bytes;
  code = tlm_check_weights(r, t);
  return code ? code : tlm_check_uses(r, m, p, at + TLM_RECORD_TENSOR_SHIFT);
}

static int check_tensor(tlm_reader *r, tlm_model *m, const tlm_planned *p) {
  const uint32_t at = r->records + TLM_FILE_TENSOR_BYTES * p->index, role = p->rule->role;
  if (role == TLM_ROLE_LOOKUP || role == TLM_ROLE_PRODUCT) return check_matrix(r, m, p, at);
  return check_numbers(r, &m->tensors[p->index], p, at);
}

int tlm_open_v2(tlm_reader *r, tlm_model *m) {
  uint32_t at, v;
  int code = check_header(r, m);
  if (!code) code = check_ngrams(r, m);
  if (!code) code = check_layers(r, m);
  if (!code) code = tlm_walk(r, m, NULL);
  if (code) return code;
  v = r->blob[TLM_HEADER_TENSOR_COUNT];
  EQUAL(TLM_E_DIRECTORY, TLM_HEADER_TENSOR_COUNT, v, m->tensor_count);
  code = take(r, TLM_HEADER_TENSOR_COUNT, TLM_FILE_TENSOR_BYTES * m->tensor_count, 1, &r->records);
  if (!code) code = check_tokenizer(r, m);
  if (!code) code = take(r, TLM_HEADER_METADATA_BYTES, m->metadata_bytes, TLM_FILE_ALIGN, &at);
  if (code) return code;
  m->metadata = r->blob + at;
  code = tlm_walk(r, m, check_trits);
  if (!code) code = tlm_walk(r, m, check_tensor);
  if (code) return code;
  v = (r->cursor + TLM_FILE_BYTES_MULTIPLE - 1u) & ~(TLM_FILE_BYTES_MULTIPLE - 1u);
  EQUAL(TLM_E_LAYOUT, TLM_HEADER_FILE_BYTES, v, r->end);
  return tlm_check_gap(r, v);
}
