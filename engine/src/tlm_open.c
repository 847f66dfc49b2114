/* Opens a .tlm: every check of SPEC.md 1, so that nothing else has to check anything. */
#include "tlm_internal.h"

/* The reader's place in the file. */
typedef struct reader {
  const uint8_t *blob;
  uint32_t end;    /* file_bytes − 4 */
  uint32_t cursor; /* first byte after the last section */
  tlm_fault *fault;
} reader;

static int refuse(const reader *r, int code, uint32_t offset, uint32_t found, uint32_t expected) {
  if (r->fault) {
    r->fault->offset = offset;
    r->fault->found = found;
    r->fault->expected = expected;
  }
  return code;
}

/* Bytes from the cursor to `to` are zero. */
static int check_gap(const reader *r, uint32_t to) {
  uint32_t i;
  for (i = r->cursor; i < to; i++) {
    if (r->blob[i]) return refuse(r, TLM_E_GAP, i, r->blob[i], 0);
  }
  return TLM_OK;
}

/* Takes the next section: aligned, after the last one, inside the file, zeros before it. field: where its offset stands. */
static int take(reader *r, uint32_t field, uint32_t offset, uint32_t bytes) {
  int code;
  if (offset % TLM_FILE_ALIGN) return refuse(r, TLM_E_LAYOUT, field, offset, offset & ~(TLM_FILE_ALIGN - 1u));
  if (offset < r->cursor) return refuse(r, TLM_E_LAYOUT, field, offset, r->cursor);
  if (offset > r->end || bytes > r->end - offset) return refuse(r, TLM_E_LAYOUT, field, offset, r->end);
  code = check_gap(r, offset);
  r->cursor = offset + bytes;
  return code;
}

#define IN_RANGE(code, field, value, low, high)                               \
  do {                                                                        \
    if ((value) < (low)) return refuse(r, (code), (field), (value), (low));    \
    if ((value) > (high)) return refuse(r, (code), (field), (value), (high));  \
  } while (0)
#define EQUAL(code, field, value, wanted)                                          \
  do {                                                                             \
    if ((value) != (wanted)) return refuse(r, (code), (field), (value), (wanted)); \
  } while (0)

/* ---- 1.1 ---- */

static int check_header(reader *r, tlm_model *m) {
  const uint8_t *h = r->blob;
  const uint32_t flags = tlm_u32(h + TLM_HEADER_FLAGS);
  uint32_t i, v;
  if (flags & ~(uint32_t)TLM_FLAG_ALL) return refuse(r, TLM_E_HEADER, TLM_HEADER_FLAGS, flags, TLM_FLAG_ALL);
  m->tied = (flags & TLM_FLAG_TIED) != 0;
  m->reset_on_eod = (flags & TLM_FLAG_RESET_ON_EOD) != 0;
  v = tlm_u16(h + TLM_HEADER_VOCAB);
  IN_RANGE(TLM_E_HEADER, TLM_HEADER_VOCAB, v, TLM_LIMIT_VOCAB_MIN, TLM_LIMIT_VOCAB_MAX);
  m->vocab = (uint16_t)v;
  v = tlm_u16(h + TLM_HEADER_DIM);
  IN_RANGE(TLM_E_HEADER, TLM_HEADER_DIM, v, TLM_LIMIT_DIM_MIN, TLM_LIMIT_DIM_MAX);
  m->dim = (uint16_t)v;
  v = tlm_u16(h + TLM_HEADER_HIDDEN);
  IN_RANGE(TLM_E_HEADER, TLM_HEADER_HIDDEN, v, TLM_LIMIT_HIDDEN_MIN, TLM_LIMIT_HIDDEN_MAX);
  m->hidden = (uint16_t)v;
  if (m->tied) EQUAL(TLM_E_HEADER, TLM_HEADER_HIDDEN, v, m->dim);
  v = h[TLM_HEADER_LAYERS];
  IN_RANGE(TLM_E_HEADER, TLM_HEADER_LAYERS, v, TLM_LIMIT_LAYERS_MIN, TLM_LIMIT_LAYERS_MAX);
  m->layers = (uint8_t)v;
  v = h[TLM_HEADER_CELL];
  EQUAL(TLM_E_CELL, TLM_HEADER_CELL, v, TLM_CELL_GRU);
  if (!tlm_layer_steps[v]) return refuse(r, TLM_E_CELL, TLM_HEADER_CELL, v, 0);
  m->cell = (uint8_t)v;
  v = h[TLM_HEADER_EMBED_FRAC];
  if (v > TLM_LIMIT_EMBED_FRAC_MAX) {
    return refuse(r, TLM_E_HEADER, TLM_HEADER_EMBED_FRAC, v, TLM_LIMIT_EMBED_FRAC_MAX);
  }
  m->embed_frac = (uint8_t)v;
  EQUAL(TLM_E_HEADER, TLM_HEADER_RESERVED_A, h[TLM_HEADER_RESERVED_A], 0u);
  /* Both kinds of tokenizer (1.4) have it at 0. */
  v = tlm_u16(h + TLM_HEADER_EOD);
  EQUAL(TLM_E_HEADER, TLM_HEADER_EOD, v, TLM_TOKENIZER_EOD);
  m->eod = (uint16_t)v;
  v = tlm_u32(h + TLM_HEADER_DIRECTORY_OFFSET);
  EQUAL(TLM_E_HEADER, TLM_HEADER_DIRECTORY_OFFSET, v, TLM_FILE_HEADER_BYTES);
  v = tlm_u16(h + TLM_HEADER_TENSOR_COUNT);
  m->tensor_count = 1u + m->layers * (uint32_t)TLM_TENSOR_PER_LAYER + (m->tied ? 1u : 2u);
  EQUAL(TLM_E_DIRECTORY, TLM_HEADER_TENSOR_COUNT, v, m->tensor_count);
  v = tlm_u16(h + TLM_HEADER_TOKENIZER_KIND);
  IN_RANGE(TLM_E_HEADER, TLM_HEADER_TOKENIZER_KIND, v, TLM_TOKENIZER_KIND_BYTE, TLM_TOKENIZER_KIND_BPE);
  m->tokenizer_kind = (uint8_t)v;
  for (i = TLM_HEADER_RESERVED_B; i < TLM_FILE_HEADER_BYTES; i++) EQUAL(TLM_E_HEADER, i, h[i], 0u);
  r->cursor = TLM_FILE_HEADER_BYTES;
  return take(r, TLM_HEADER_DIRECTORY_OFFSET, TLM_FILE_HEADER_BYTES, m->tensor_count * TLM_FILE_ENTRY_BYTES);
}

/* ---- 1.4 ---- */

/* Base symbols: zero records for eod and nibbles, then UTF-8 characters in increasing order. */
static int check_symbols(const reader *r, const tlm_model *m, uint32_t at) {
  uint32_t i, b, last = 0;
  for (i = 0; i < m->base_count; i++, at += TLM_TOKENIZER_RECORD_BYTES) {
    const uint8_t *p = r->blob + at;
    const uint32_t order = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    uint32_t length = 0;
    if (i < TLM_TOKENIZER_FIRST_SYMBOL) {
      EQUAL(TLM_E_TOKENIZER, at, order, 0u);
      continue;
    }
    while (length < TLM_TOKENIZER_SYMBOL_BYTES_MAX && p[length]) length++;
    for (b = length; b < TLM_TOKENIZER_SYMBOL_BYTES_MAX; b++) EQUAL(TLM_E_TOKENIZER, at + b, p[b], 0u);
    if (length == 0 || tlm_unit(p, length, 1) != length || (length == 1u && p[0] >= 0x80u) || order <= last) {
      return refuse(r, TLM_E_TOKENIZER, at, order, last + 1u);
    }
    last = order;
  }
  return TLM_OK;
}

static int check_merges(const reader *r, const tlm_model *m, uint32_t at) {
  uint8_t text[2u * TLM_TOKENIZER_TOKEN_BYTES_MAX];
  uint32_t i, side;
  for (i = 0; i < m->merge_count; i++, at += TLM_TOKENIZER_MERGE_BYTES) {
    uint32_t length = 0;
    for (side = 0; side < 4u; side += 2u) {
      const uint32_t id = tlm_u16(r->blob + at + side);
      IN_RANGE(TLM_E_TOKENIZER, at + side, id, TLM_TOKENIZER_FIRST_SYMBOL, m->base_count + i - 1u);
      length += tlm_expand(m, id, text);
    }
    if (length > TLM_TOKENIZER_TOKEN_BYTES_MAX) {
      return refuse(r, TLM_E_TOKENIZER, at, length, TLM_TOKENIZER_TOKEN_BYTES_MAX);
    }
  }
  return TLM_OK;
}

static int check_tokenizer(reader *r, tlm_model *m) {
  const uint32_t at = tlm_u32(r->blob + TLM_HEADER_TOKENIZER_OFFSET);
  const uint32_t bytes = tlm_u32(r->blob + TLM_HEADER_TOKENIZER_BYTES);
  const uint8_t *p;
  uint32_t base, merges, nibbles, wanted;
  int code = take(r, TLM_HEADER_TOKENIZER_OFFSET, at, bytes);
  if (code) return code;
  p = r->blob + at;
  if (bytes < TLM_TOKENIZER_RECORDS_OFFSET) {
    return refuse(r, TLM_E_TOKENIZER, TLM_HEADER_TOKENIZER_BYTES, bytes, TLM_TOKENIZER_RECORDS_OFFSET);
  }
  base = tlm_u16(p + TLM_TOKENIZER_BASE_COUNT_OFFSET);
  merges = tlm_u16(p + TLM_TOKENIZER_MERGE_COUNT_OFFSET);
  nibbles = tlm_u16(p + TLM_TOKENIZER_NIBBLE_BASE_OFFSET);
  EQUAL(TLM_E_TOKENIZER, at + TLM_TOKENIZER_RESERVED_OFFSET, tlm_u16(p + TLM_TOKENIZER_RESERVED_OFFSET), 0u);
  EQUAL(TLM_E_TOKENIZER, at, base + merges, (uint32_t)m->vocab);
  if (m->tokenizer_kind != TLM_TOKENIZER_KIND_BPE) {
    EQUAL(TLM_E_TOKENIZER, at + TLM_TOKENIZER_MERGE_COUNT_OFFSET, merges, 0u);
  }
  m->base_count = (uint16_t)base;
  m->merge_count = (uint16_t)merges;
  m->nibble_base = (uint16_t)nibbles;
  m->base = NULL;
  m->merges = NULL;
  if (m->tokenizer_kind == TLM_TOKENIZER_KIND_BYTE) {
    EQUAL(TLM_E_TOKENIZER, at, base, TLM_TOKENIZER_BYTE_TOKENS);
    EQUAL(TLM_E_TOKENIZER, at + TLM_TOKENIZER_NIBBLE_BASE_OFFSET, nibbles, TLM_TOKENIZER_NO_NIBBLES);
    wanted = TLM_TOKENIZER_RECORDS_OFFSET;
    EQUAL(TLM_E_TOKENIZER, TLM_HEADER_TOKENIZER_BYTES, bytes, wanted);
    return TLM_OK;
  }
  IN_RANGE(TLM_E_TOKENIZER, at, base, TLM_TOKENIZER_FIRST_SYMBOL, TLM_LIMIT_VOCAB_MAX);
  EQUAL(TLM_E_TOKENIZER, at + TLM_TOKENIZER_NIBBLE_BASE_OFFSET, nibbles, TLM_TOKENIZER_FIRST_NIBBLE);
  wanted = TLM_TOKENIZER_RECORDS_OFFSET + TLM_TOKENIZER_RECORD_BYTES * base + TLM_TOKENIZER_MERGE_BYTES * merges;
  EQUAL(TLM_E_TOKENIZER, TLM_HEADER_TOKENIZER_BYTES, bytes, wanted);
  m->base = p + TLM_TOKENIZER_RECORDS_OFFSET;
  m->merges = m->base + TLM_TOKENIZER_RECORD_BYTES * base;
  code = check_symbols(r, m, at + TLM_TOKENIZER_RECORDS_OFFSET);
  if (code) return code;
  return check_merges(r, m, at + TLM_TOKENIZER_RECORDS_OFFSET + TLM_TOKENIZER_RECORD_BYTES * base);
}

/* ---- 1.2 and 1.3 ---- */

/* One use of a matrix in linear(): the shift k and the bound of 3.2. */
static int check_use(const reader *r, const tlm_tensor *t, uint32_t entry, uint32_t fx, uint32_t q) {
  const uint32_t up = fx + t->shift;
  uint32_t row, limit, k;
  if (up < q + TLM_LIMIT_SHIFT_MIN) return refuse(r, TLM_E_SCALE, entry, t->shift, q + TLM_LIMIT_SHIFT_MIN - fx);
  k = up - q;
  if (k > TLM_LIMIT_SHIFT_MAX) return refuse(r, TLM_E_SCALE, entry, t->shift, q + TLM_LIMIT_SHIFT_MAX - fx);
  limit = (TLM_LIMIT_PRODUCT_MAX - ((uint32_t)1 << (k - 1u))) / (TLM_LIMIT_ACTIVATION_MAX * t->cols);
  for (row = 0; row < t->rows; row++) {
    const uint32_t mantissa = tlm_u16(t->scale + 2u * row);
    if (mantissa > limit) {
      return refuse(r, TLM_E_SCALE, (uint32_t)(t->scale - r->blob) + 2u * row, mantissa, limit);
    }
  }
  return TLM_OK;
}

/* Every byte is one that the packing can yield, and digits past the last column are 1. */
static int check_weights(const reader *r, const tlm_tensor *t) {
  const uint32_t group = t->type == TLM_TYPE_T2 ? TLM_PACKING_T2_WEIGHTS : TLM_PACKING_B3_WEIGHTS;
  const uint32_t used = t->cols - (t->row_bytes - 1u) * group; /* digits of a row's last byte, 1 … group */
  uint32_t row, j, i, at = t->offset;
  for (row = 0; row < t->rows; row++) {
    const uint8_t *p = t->data + row * t->row_bytes;
    uint32_t last = p[t->row_bytes - 1u];
    for (j = 0; j < t->row_bytes; j++) {
      const uint32_t byte = p[j];
      const int bad = t->type == TLM_TYPE_T2 ? (byte & (byte >> 1) & 0x55u) != 0 : byte > TLM_PACKING_B3_BYTE_MAX;
      if (bad) return refuse(r, TLM_E_WEIGHT, at + j, byte, t->type == TLM_TYPE_T2 ? 0xAAu : TLM_PACKING_B3_BYTE_MAX);
    }
    for (i = 0; i < group; i++) {
      const uint32_t digit = t->type == TLM_TYPE_T2 ? last & 3u : last % 3u;
      if (i >= used) EQUAL(TLM_E_WEIGHT, at + t->row_bytes - 1u, digit, TLM_PACKING_ZERO_DIGIT);
      last = t->type == TLM_TYPE_T2 ? last >> 2 : last / 3u;
    }
    at += t->row_bytes;
  }
  return TLM_OK;
}

static int check_tensor(reader *r, tlm_model *m, uint32_t index, uint32_t id, uint32_t layer, uint32_t rows,
                        uint32_t cols) {
  const uint32_t entry = TLM_FILE_HEADER_BYTES + index * TLM_FILE_ENTRY_BYTES;
  const uint8_t *e = r->blob + entry;
  const int bias = id == TLM_TENSOR_FC_BIAS || id == TLM_TENSOR_RNN_BIAS_IH || id == TLM_TENSOR_RNN_BIAS_HH;
  tlm_tensor *t = &m->tensors[index];
  uint32_t type = e[TLM_ENTRY_TYPE], row_bytes, scale, frac_max;
  int code;
  EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_ID, tlm_u16(e + TLM_ENTRY_ID), id);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_LAYER, e[TLM_ENTRY_LAYER], layer);
  if (bias) EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_TYPE, type, TLM_TYPE_I16);
  else IN_RANGE(TLM_E_DIRECTORY, entry + TLM_ENTRY_TYPE, type, TLM_TYPE_T2, TLM_TYPE_B3);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_ROWS, tlm_u32(e + TLM_ENTRY_ROWS), rows);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_COLS, tlm_u32(e + TLM_ENTRY_COLS), cols);
  row_bytes = bias ? 2u * cols : type == TLM_TYPE_T2 ? (cols + 3u) / 4u : (cols + 4u) / 5u;
  EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_ROW_BYTES, tlm_u32(e + TLM_ENTRY_ROW_BYTES), row_bytes);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_DATA_BYTES, tlm_u32(e + TLM_ENTRY_DATA_BYTES), rows * row_bytes);
  EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_RESERVED, tlm_u16(e + TLM_ENTRY_RESERVED), 0u);
  scale = tlm_u32(e + TLM_ENTRY_SCALE_OFFSET);
  t->id = (uint16_t)id;
  t->layer = (uint8_t)layer;
  t->type = (uint8_t)type;
  t->rows = rows;
  t->cols = cols;
  t->row_bytes = row_bytes;
  t->shift = e[TLM_ENTRY_SCALE_SHIFT];
  t->frac = e[TLM_ENTRY_FRAC];
  t->scale = NULL;
  if (bias) {
    frac_max = id == TLM_TENSOR_FC_BIAS ? TLM_LIMIT_LOGIT_BIAS_FRAC_MAX : TLM_LIMIT_GATE_BIAS_FRAC_MAX;
    EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_SCALE_OFFSET, scale, 0u);
    EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_SCALE_SHIFT, (uint32_t)t->shift, 0u);
    if (t->frac > frac_max) return refuse(r, TLM_E_SCALE, entry + TLM_ENTRY_FRAC, t->frac, frac_max);
  } else {
    EQUAL(TLM_E_DIRECTORY, entry + TLM_ENTRY_FRAC, (uint32_t)t->frac, 0u);
    if (t->shift > TLM_LIMIT_SCALE_SHIFT_MAX) {
      return refuse(r, TLM_E_SCALE, entry + TLM_ENTRY_SCALE_SHIFT, t->shift, TLM_LIMIT_SCALE_SHIFT_MAX);
    }
    code = take(r, entry + TLM_ENTRY_SCALE_OFFSET, scale, 2u * rows);
    if (code) return code;
    t->scale = r->blob + scale;
    m->weights += rows * cols;
    m->weight_bytes += rows * row_bytes;
  }
  t->offset = tlm_u32(e + TLM_ENTRY_DATA_OFFSET);
  code = take(r, entry + TLM_ENTRY_DATA_OFFSET, t->offset, rows * row_bytes);
  if (code) return code;
  t->data = r->blob + t->offset;
  return bias ? TLM_OK : check_weights(r, t);
}

static int check_tensors(reader *r, tlm_model *m) {
  const uint32_t V = m->vocab, D = m->dim, H = m->hidden;
  uint32_t index = 0, layer;
  int code = check_tensor(r, m, index++, TLM_TENSOR_EMBED_WEIGHT, 0, V, D);
  if (!code) { /* 3.1: k = scale_shift − embed_frac */
    const uint32_t shift = m->tensors[0].shift, field = TLM_FILE_HEADER_BYTES + TLM_ENTRY_SCALE_SHIFT;
    IN_RANGE(TLM_E_SCALE, field, shift, m->embed_frac + TLM_LIMIT_SHIFT_MIN + 0u,
             m->embed_frac + TLM_LIMIT_SHIFT_MAX + 0u);
    if (m->tied) code = check_use(r, &m->tensors[0], field, TLM_Q_HIDDEN, TLM_Q_LOGIT);
  }
  for (layer = 0; !code && layer < m->layers; layer++) {
    const uint32_t fx = layer ? TLM_Q_HIDDEN : m->embed_frac, in = layer ? H : D;
    const uint32_t field = TLM_FILE_HEADER_BYTES + index * TLM_FILE_ENTRY_BYTES + TLM_ENTRY_SCALE_SHIFT;
    code = check_tensor(r, m, index, TLM_TENSOR_RNN_WEIGHT_IH, layer, 3u * H, in);
    if (!code) code = check_use(r, &m->tensors[index], field, fx, TLM_Q_GATE);
    if (!code) code = check_tensor(r, m, index + 1u, TLM_TENSOR_RNN_WEIGHT_HH, layer, 3u * H, H);
    if (!code) code = check_use(r, &m->tensors[index + 1u], field + TLM_FILE_ENTRY_BYTES, TLM_Q_HIDDEN, TLM_Q_GATE);
    if (!code) code = check_tensor(r, m, index + 2u, TLM_TENSOR_RNN_BIAS_IH, layer, 3u * H, 1);
    if (!code) code = check_tensor(r, m, index + 3u, TLM_TENSOR_RNN_BIAS_HH, layer, 3u * H, 1);
    index += TLM_TENSOR_PER_LAYER;
  }
  if (!code && !m->tied) {
    const uint32_t field = TLM_FILE_HEADER_BYTES + index * TLM_FILE_ENTRY_BYTES + TLM_ENTRY_SCALE_SHIFT;
    code = check_tensor(r, m, index, TLM_TENSOR_FC_WEIGHT, 0, V, H);
    if (!code) code = check_use(r, &m->tensors[index], field, TLM_Q_HIDDEN, TLM_Q_LOGIT);
    index++;
  }
  return code ? code : check_tensor(r, m, index, TLM_TENSOR_FC_BIAS, 0, V, 1);
}

/* ---- the whole ---- */

static int check_file(reader *r, tlm_model *m, uint32_t region_bytes) {
  const uint32_t misaligned = (uint32_t)((uintptr_t)r->blob & 3u);
  uint32_t v;
  int code;
  if (misaligned) return refuse(r, TLM_E_ALIGN, 0, misaligned, 0);
  if (region_bytes < TLM_FILE_BYTES_MIN) return refuse(r, TLM_E_SHORT, 0, region_bytes, TLM_FILE_BYTES_MIN);
  v = tlm_u32(r->blob + TLM_HEADER_MAGIC);
  EQUAL(TLM_E_MAGIC, TLM_HEADER_MAGIC, v, (uint32_t)TLM_FILE_MAGIC);
  v = tlm_u16(r->blob + TLM_HEADER_VERSION);
  EQUAL(TLM_E_VERSION, TLM_HEADER_VERSION, v, TLM_FILE_VERSION);
  v = tlm_u16(r->blob + TLM_HEADER_HEADER_BYTES);
  EQUAL(TLM_E_SIZE, TLM_HEADER_HEADER_BYTES, v, TLM_FILE_HEADER_BYTES);
  v = tlm_u32(r->blob + TLM_HEADER_FILE_BYTES);
  if (v < TLM_FILE_BYTES_MIN || v % TLM_FILE_BYTES_MULTIPLE) {
    return refuse(r, TLM_E_SIZE, TLM_HEADER_FILE_BYTES, v, TLM_FILE_BYTES_MIN);
  }
  if (v > region_bytes) return refuse(r, TLM_E_SHORT, TLM_HEADER_FILE_BYTES, region_bytes, v);
  m->file_bytes = v;
  r->end = v - TLM_FILE_CRC_BYTES;
  m->crc = tlm_u32(r->blob + r->end);
  v = tlm_crc32(r->blob, r->end);
  EQUAL(TLM_E_CRC, r->end, v, m->crc);
  code = check_header(r, m);
  if (!code) code = check_tokenizer(r, m);
  if (!code) {
    const uint32_t at = tlm_u32(r->blob + TLM_HEADER_METADATA_OFFSET);
    m->metadata_bytes = tlm_u32(r->blob + TLM_HEADER_METADATA_BYTES);
    if (m->metadata_bytes > TLM_FILE_METADATA_BYTES_MAX) {
      return refuse(r, TLM_E_HEADER, TLM_HEADER_METADATA_BYTES, m->metadata_bytes, TLM_FILE_METADATA_BYTES_MAX);
    }
    code = take(r, TLM_HEADER_METADATA_OFFSET, at, m->metadata_bytes);
    m->metadata = code ? NULL : r->blob + at;
  }
  if (!code) code = check_tensors(r, m);
  return code ? code : check_gap(r, r->end);
}

int tlm_open(tlm_model *model, const void *blob, uint32_t region_bytes, tlm_fault *fault) {
  reader r;
  int code;
  r.blob = (const uint8_t *)blob;
  r.end = 0;
  r.cursor = 0;
  r.fault = fault;
  if (fault) fault->offset = fault->found = fault->expected = 0;
  if (!model || !blob) return TLM_E_ARGUMENT;
  model->blob = r.blob;
  model->weights = 0;
  model->weight_bytes = 0;
  code = check_file(&r, model, region_bytes);
  /* A refused model must not be usable by mistake. */
  if (code) model->blob = NULL;
  return code;
}

uint32_t tlm_vocab(const tlm_model *model) { return model->vocab; }
uint32_t tlm_eod(const tlm_model *model) { return model->eod; }

int tlm_relocate(tlm_model *model, uint32_t index, const void *copy) {
  if (!model || index >= model->tensor_count) return TLM_E_ARGUMENT;
  model->tensors[index].data = copy ? (const uint8_t *)copy : model->blob + model->tensors[index].offset;
  return TLM_OK;
}
