/* Files of version 1 (SPEC.md, appendix A): a directory says where everything lies. They stay readable for ever. */
#include "tlm_reader.h"

TLM_SMALL_CODE

#ifndef TLM_WITHOUT_V1

/*
 * Takes the next section: aligned, after the last one, inside the file, zeros before it. field: where its offset
 * stands.
 */
static int take(tlm_reader *r, uint32_t field, uint32_t offset, uint32_t bytes) {
  int code;
  if (offset % TLM_V1_ALIGN) return tlm_refuse(r, TLM_E_LAYOUT, field, offset, offset & ~(TLM_V1_ALIGN - 1u));
  if (offset < r->cursor) return tlm_refuse(r, TLM_E_LAYOUT, field, offset, r->cursor);
  if (offset > r->end || bytes > r->end - offset) return tlm_refuse(r, TLM_E_LAYOUT, field, offset, r->end);
  code = tlm_check_gap(r, offset);
  r->cursor = offset + bytes;
  return code;
}

static int check_header(tlm_reader *r, tlm_model *m) {
  const uint8_t *h = r->blob;
  const uint32_t flags = tlm_u32(h + TLM_V1_HEADER_FLAGS);
  uint32_t layers_max = TLM_V1_LAYERS_MAX, i, v, hidden;
  int code;
  if (flags & ~(uint32_t)TLM_FLAG_ALL) return tlm_refuse(r, TLM_E_HEADER, TLM_V1_HEADER_FLAGS, flags, TLM_FLAG_ALL);
  m->tied = (flags & TLM_FLAG_TIED) != 0;
  m->reset_on_eod = (flags & TLM_FLAG_RESET_ON_EOD) != 0;
  v = tlm_u16(h + TLM_V1_HEADER_VOCAB);
  IN_RANGE(TLM_E_HEADER, TLM_V1_HEADER_VOCAB, v, TLM_LIMIT_VOCAB_MIN, TLM_LIMIT_VOCAB_MAX);
  m->vocab = (uint16_t)v;
  v = tlm_u16(h + TLM_V1_HEADER_DIM);
  IN_RANGE(TLM_E_HEADER, TLM_V1_HEADER_DIM, v, TLM_LIMIT_DIM_MIN, TLM_LIMIT_DIM_MAX);
  m->dim = (uint16_t)v;
  m->input = m->dim;
  hidden = tlm_u16(h + TLM_V1_HEADER_HIDDEN);
  IN_RANGE(TLM_E_HEADER, TLM_V1_HEADER_HIDDEN, hidden, TLM_V1_HIDDEN_MIN, TLM_V1_HIDDEN_MAX);
  if (m->tied) EQUAL(TLM_E_HEADER, TLM_V1_HEADER_HIDDEN, hidden, m->dim);
  v = h[TLM_V1_HEADER_LAYERS];
  if (layers_max > TLM_LAYERS_MAX) layers_max = TLM_LAYERS_MAX;
  IN_RANGE(TLM_E_HEADER, TLM_V1_HEADER_LAYERS, v, TLM_V1_LAYERS_MIN, layers_max);
  m->layers = (uint8_t)v;
  v = h[TLM_V1_HEADER_CELL];
  EQUAL(TLM_E_CELL, TLM_V1_HEADER_CELL, v, TLM_V1_CELL_GRU);
  if (!tlm_layer_step_of(TLM_LAYER_GRU)) return tlm_refuse(r, TLM_E_CELL, TLM_V1_HEADER_CELL, v, 0);
  v = h[TLM_V1_HEADER_EMBED_FRAC];
  AT_MOST(TLM_E_HEADER, TLM_V1_HEADER_EMBED_FRAC, v, TLM_LIMIT_EMBED_FRAC_MAX);
  m->embed_frac = (uint8_t)v;
  EQUAL(TLM_E_HEADER, TLM_V1_HEADER_RESERVED_A, h[TLM_V1_HEADER_RESERVED_A], 0u);
  /* Every kind of tokenizer has it at 0. */
  v = tlm_u16(h + TLM_V1_HEADER_EOD);
  EQUAL(TLM_E_HEADER, TLM_V1_HEADER_EOD, v, TLM_TOKENIZER_EOD);
  m->eod = (uint16_t)v;
  v = tlm_u32(h + TLM_V1_HEADER_DIRECTORY_OFFSET);
  EQUAL(TLM_E_HEADER, TLM_V1_HEADER_DIRECTORY_OFFSET, v, TLM_V1_HEADER_BYTES);
  for (i = 0; i < m->layers; i++) {
    m->layer[i].kind = TLM_LAYER_GRU;
    m->layer[i].width = (uint16_t)hidden;
  }
  tlm_place_layers(m);
  code = tlm_walk(r, m, NULL);
  if (code) return code;
  v = tlm_u16(h + TLM_V1_HEADER_TENSOR_COUNT);
  EQUAL(TLM_E_DIRECTORY, TLM_V1_HEADER_TENSOR_COUNT, v, m->tensor_count);
  v = tlm_u16(h + TLM_V1_HEADER_TOKENIZER_KIND);
  IN_RANGE(TLM_E_HEADER, TLM_V1_HEADER_TOKENIZER_KIND, v, TLM_TOKENIZER_KIND_BYTE, TLM_TOKENIZER_KIND_BPE);
  m->tokenizer_kind = (uint8_t)v;
  for (i = TLM_V1_HEADER_RESERVED_B; i < TLM_V1_HEADER_BYTES; i++) EQUAL(TLM_E_HEADER, i, h[i], 0u);
  r->cursor = TLM_V1_HEADER_BYTES;
  return take(r, TLM_V1_HEADER_DIRECTORY_OFFSET, TLM_V1_HEADER_BYTES, m->tensor_count * TLM_V1_ENTRY_BYTES);
}

/* Base symbols: zero records for eod and nibbles, then UTF-8 characters in increasing order. */
static int check_symbols(const tlm_reader *r, const tlm_model *m, uint32_t at) {
  uint32_t i, b, last = 0;
  for (i = 0; i < m->base_count; i++, at += TLM_V1_RECORD_BYTES) {
    const uint8_t *p = r->blob + at;
    uint32_t length = 0;
    int code;
    if (i < TLM_TOKENIZER_FIRST_SYMBOL) {
      EQUAL(TLM_E_TOKENIZER, at, tlm_symbol_order(p, TLM_V1_RECORD_BYTES), 0u);
      continue;
    }
    while (length < TLM_TOKENIZER_SYMBOL_BYTES_MAX && p[length]) length++;
    for (b = length; b < TLM_TOKENIZER_SYMBOL_BYTES_MAX; b++) EQUAL(TLM_E_TOKENIZER, at + b, p[b], 0u);
    code = tlm_check_symbol(r, p, length, &last);
    if (code) return code;
  }
  return TLM_OK;
}

static int check_tokenizer(tlm_reader *r, tlm_model *m) {
  const uint32_t at = tlm_u32(r->blob + TLM_V1_HEADER_TOKENIZER_OFFSET);
  const uint32_t bytes = tlm_u32(r->blob + TLM_V1_HEADER_TOKENIZER_BYTES);
  const uint8_t *p;
  uint32_t base, merges, nibbles, wanted;
  int code = take(r, TLM_V1_HEADER_TOKENIZER_OFFSET, at, bytes);
  if (code) return code;
  p = r->blob + at;
  if (bytes < TLM_V1_RECORDS_OFFSET) {
    return tlm_refuse(r, TLM_E_TOKENIZER, TLM_V1_HEADER_TOKENIZER_BYTES, bytes, TLM_V1_RECORDS_OFFSET);
  }
  base = tlm_u16(p + TLM_V1_BASE_COUNT_OFFSET);
  merges = tlm_u16(p + TLM_V1_MERGE_COUNT_OFFSET);
  nibbles = tlm_u16(p + TLM_V1_NIBBLE_BASE_OFFSET);
  EQUAL(TLM_E_TOKENIZER, at + TLM_V1_TOKENIZER_RESERVED_OFFSET, tlm_u16(p + TLM_V1_TOKENIZER_RESERVED_OFFSET), 0u);
  EQUAL(TLM_E_TOKENIZER, at, base + merges, (uint32_t)m->vocab);
  if (m->tokenizer_kind != TLM_TOKENIZER_KIND_BPE) {
    EQUAL(TLM_E_TOKENIZER, at + TLM_V1_MERGE_COUNT_OFFSET, merges, 0u);
  }
  m->base_count = (uint16_t)base;
  m->merge_count = (uint16_t)merges;
  m->nibble_base = (uint16_t)nibbles;
  m->merge_bytes = TLM_V1_MERGE_BYTES;
  m->base = m->merges = m->merge_index = NULL;
  m->symbols[0] = m->symbols[1] = m->symbols[2] = m->symbols[3] = 0;
  if (m->tokenizer_kind == TLM_TOKENIZER_KIND_BYTE) {
    EQUAL(TLM_E_TOKENIZER, at, base, TLM_TOKENIZER_BYTE_TOKENS);
    EQUAL(TLM_E_TOKENIZER, at + TLM_V1_NIBBLE_BASE_OFFSET, nibbles, TLM_V1_NO_NIBBLES);
    wanted = TLM_V1_RECORDS_OFFSET;
    EQUAL(TLM_E_TOKENIZER, TLM_V1_HEADER_TOKENIZER_BYTES, bytes, wanted);
    return TLM_OK;
  }
  IN_RANGE(TLM_E_TOKENIZER, at, base, TLM_TOKENIZER_FIRST_SYMBOL, TLM_LIMIT_VOCAB_MAX);
  EQUAL(TLM_E_TOKENIZER, at + TLM_V1_NIBBLE_BASE_OFFSET, nibbles, TLM_TOKENIZER_FIRST_NIBBLE);
  wanted = TLM_V1_RECORDS_OFFSET + TLM_V1_RECORD_BYTES * base + TLM_V1_MERGE_BYTES * merges;
  EQUAL(TLM_E_TOKENIZER, TLM_V1_HEADER_TOKENIZER_BYTES, bytes, wanted);
  m->base = p + TLM_V1_RECORDS_OFFSET;
  m->merges = m->base + TLM_V1_RECORD_BYTES * base;
  code = check_symbols(r, m, at + TLM_V1_RECORDS_OFFSET);
  return code ? code : tlm_check_merges(r, m, at + TLM_V1_RECORDS_OFFSET + TLM_V1_RECORD_BYTES * base);
}

static int check_tensor(tlm_reader *r, tlm_model *m, const tlm_planned *p) {
  const uint32_t entry = TLM_V1_HEADER_BYTES + p->index * TLM_V1_ENTRY_BYTES, rows = p->rows, cols = p->cols;
  const uint8_t *e = r->blob + entry;
  const int bias = p->rule->role == TLM_ROLE_BIAS;
  tlm_tensor *t = &m->tensors[p->index];
  uint32_t type = e[TLM_V1_ENTRY_TYPE], row_bytes, scale;
  int code;
  EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_ID, tlm_u16(e + TLM_V1_ENTRY_ID), p->rule->id + 0u);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_LAYER, e[TLM_V1_ENTRY_LAYER], p->layer);
  if (bias) EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_TYPE, type, TLM_TYPE_I16);
  else IN_RANGE(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_TYPE, type, TLM_TYPE_T2, TLM_TYPE_B3);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_ROWS, tlm_u32(e + TLM_V1_ENTRY_ROWS), rows);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_COLS, tlm_u32(e + TLM_V1_ENTRY_COLS), cols);
  row_bytes = bias ? 2u * cols : tlm_row_bytes(type, cols);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_ROW_BYTES, tlm_u32(e + TLM_V1_ENTRY_ROW_BYTES), row_bytes);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_DATA_BYTES, tlm_u32(e + TLM_V1_ENTRY_DATA_BYTES), rows * row_bytes);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_RESERVED, tlm_u16(e + TLM_V1_ENTRY_RESERVED), 0u);
  scale = tlm_u32(e + TLM_V1_ENTRY_SCALE_OFFSET);
  tlm_set_tensor(t, p, type, 1, row_bytes);
  t->shift = e[TLM_V1_ENTRY_SCALE_SHIFT];
  t->frac = e[TLM_V1_ENTRY_FRAC];
  if (bias) {
    EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_SCALE_OFFSET, scale, 0u);
    EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_SCALE_SHIFT, (uint32_t)t->shift, 0u);
    AT_MOST(TLM_E_SCALE, entry + TLM_V1_ENTRY_FRAC, t->frac, p->rule->frac_max);
  } else {
    EQUAL(TLM_E_DIRECTORY, entry + TLM_V1_ENTRY_FRAC, (uint32_t)t->frac, 0u);
    AT_MOST(TLM_E_SCALE, entry + TLM_V1_ENTRY_SCALE_SHIFT, t->shift, TLM_LIMIT_SCALE_SHIFT_MAX);
    code = take(r, entry + TLM_V1_ENTRY_SCALE_OFFSET, scale, 2u * rows);
    if (code) return code;
    t->scale = r->blob + scale;
    t->scale_bytes = 2;
  }
  t->offset = tlm_u32(e + TLM_V1_ENTRY_DATA_OFFSET);
  code = take(r, entry + TLM_V1_ENTRY_DATA_OFFSET, t->offset, rows * row_bytes);
  t->data = r->blob + t->offset;
  if (code || bias) return code;
  m->weights += rows * cols;
  m->weight_bytes += rows * row_bytes;
  code = tlm_check_weights(r, t);
  return code ? code : tlm_check_uses(r, m, p, entry + TLM_V1_ENTRY_SCALE_SHIFT);
}

int tlm_open_v1(tlm_reader *r, tlm_model *m) {
  uint32_t at;
  int code;
  m->ngrams = 0;
  m->cache = 0;
  code = check_header(r, m);
  if (!code) code = check_tokenizer(r, m);
  if (code) return code;
  at = tlm_u32(r->blob + TLM_V1_HEADER_METADATA_OFFSET);
  m->metadata_bytes = tlm_u32(r->blob + TLM_V1_HEADER_METADATA_BYTES);
  AT_MOST(TLM_E_HEADER, TLM_V1_HEADER_METADATA_BYTES, m->metadata_bytes, TLM_FILE_METADATA_BYTES_MAX);
  code = take(r, TLM_V1_HEADER_METADATA_OFFSET, at, m->metadata_bytes);
  if (code) return code;
  m->metadata = r->blob + at;
  code = tlm_walk(r, m, check_tensor);
  return code ? code : tlm_check_gap(r, r->end);
}

#endif
