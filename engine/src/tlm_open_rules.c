/* What a model must consist of, by the rules of tlm_layers.h, and the checks that both versions of the format share. */
#include "tlm_reader.h"

TLM_SMALL_CODE

static const tlm_layer_rule *rule_of(uint32_t kind) {
  uint32_t i = 0;
  while (tlm_layer_rules[i].id != kind) i++; /* the reader knows the kind */
  return &tlm_layer_rules[i];
}

void tlm_place_layers(tlm_model *m) {
  uint32_t l, width = m->input, stream = 0, states = 0;
  m->stream = 0;
  for (l = 0; l < m->layers; l++) {
    tlm_layer *layer = &m->layer[l];
    const tlm_layer_rule *rule = rule_of(layer->kind);
    layer->in = (uint16_t)width;
    layer->stream = (uint8_t)stream;
    layer->state = (uint16_t)states;
    states += (uint32_t)rule->state * layer->width;
    /* A block gives the stream that it reads or begins; other kinds give 8-bit values of their own width. */
    stream = rule->stream;
    if (!stream) width = layer->width;
    else if (width > m->stream) m->stream = (uint16_t)width;
  }
  m->hidden = (uint16_t)width;
  m->head_stream = (uint8_t)stream;
  m->states = (uint16_t)states;
}

/* Sizes that a rule can name, by TLM_OF_… */
typedef struct sizes {
  uint32_t of[TLM_OF_ROWS + 1];
  uint32_t stream; /* whether the part's input is the residual stream */
  uint32_t from;   /* Q of the part's input in 8 bits */
} sizes;

static int walk_part(tlm_reader *r, tlm_model *m, tlm_visit visit, uint32_t first, uint32_t count, uint32_t layer,
                     const sizes *s, uint32_t *index) {
  const tlm_rule *rule = tlm_rules + first, *end = rule + count;
  for (; rule != end; rule++) {
    /* A version 1 file stores all of a tensor. */
    const uint32_t times = m->version == TLM_V1_VERSION && rule->stored ? rule->times : rule->stored;
    tlm_planned p;
    int code;
    if (times == 0 || (rule->when == TLM_WHEN_STREAM && !s->stream)) continue;
    if (rule->when == TLM_WHEN_UNTIED && m->tied) continue;
    if (rule->when == TLM_WHEN_CACHE && !m->cache) continue;
    p.rule = rule;
    p.index = (*index)++;
    p.layer = layer;
    p.rows = times * s->of[rule->rows_of];
    p.cols = s->of[rule->cols_of];
    p.from = rule->from == TLM_INPUT_Q ? s->from : rule->from;
    code = visit ? visit(r, m, &p) : TLM_OK;
    if (code) return code;
  }
  return TLM_OK;
}

/* Q of the 8-bit values that a layer, or the head, reads. */
static uint32_t q_of_input(const tlm_model *m, uint32_t layer, uint32_t stream) {
  return stream ? TLM_Q_NORM + 0u : layer ? TLM_Q_HIDDEN + 0u : m->embed_frac;
}

int tlm_walk(tlm_reader *r, tlm_model *m, tlm_visit visit) {
  uint32_t index = 0, i;
  sizes s;
  int code;
  s.of[TLM_OF_ONE] = 1;
  s.of[TLM_OF_VOCAB] = m->vocab;
  s.of[TLM_OF_DIM] = m->dim;
  s.of[TLM_OF_INPUT] = s.of[TLM_OF_WIDTH] = s.of[TLM_OF_ROWS] = 0;
  s.stream = 0;
  s.from = m->embed_frac;
  code = walk_part(r, m, visit, TLM_RULES_EMBEDDING, TLM_RULE_COUNT_EMBEDDING, 0, &s, &index);
  for (i = 0; !code && i < m->ngrams; i++) {
    s.of[TLM_OF_WIDTH] = m->ngram[i].width;
    s.of[TLM_OF_ROWS] = (uint32_t)1 << m->ngram[i].rows_log;
    code = walk_part(r, m, visit, TLM_RULES_NGRAM, TLM_RULE_COUNT_NGRAM, i, &s, &index);
  }
  for (i = 0; !code && i < m->layers; i++) {
    tlm_layer *layer = &m->layer[i];
    const tlm_layer_rule *rule = rule_of(layer->kind);
    layer->tensor = (uint8_t)index;
    s.of[TLM_OF_INPUT] = layer->in;
    s.of[TLM_OF_WIDTH] = layer->width;
    s.stream = layer->stream;
    s.from = q_of_input(m, i, layer->stream);
    code = walk_part(r, m, visit, rule->first_rule, rule->rules, i, &s, &index);
  }
  if (code) return code;
  m->head_tensor = (uint8_t)index;
  s.of[TLM_OF_INPUT] = m->hidden;
  s.stream = m->head_stream;
  s.from = q_of_input(m, m->layers, m->head_stream);
  code = walk_part(r, m, visit, TLM_RULES_HEAD, TLM_RULE_COUNT_HEAD, 0, &s, &index);
  m->tensor_count = index;
  return code;
}

void tlm_set_tensor(tlm_tensor *t, const tlm_planned *p, uint32_t type, uint32_t planes, uint32_t row_bytes) {
  t->scale = NULL;
  t->rows = p->rows;
  t->cols = (uint16_t)p->cols;
  t->row_bytes = (uint16_t)row_bytes;
  t->id = p->rule->id;
  t->layer = (uint8_t)p->layer;
  t->type = (uint8_t)type;
  t->planes = (uint8_t)planes;
  t->shift = t->frac = t->scale_bytes = t->moved = 0;
}

/* ---- weights (1.3) and scales (3.1, 3.2) ---- */

uint32_t tlm_row_bytes(uint32_t type, uint32_t cols) {
  return type == TLM_TYPE_T2 ? (cols + TLM_PACKING_T2_WEIGHTS - 1u) / TLM_PACKING_T2_WEIGHTS
                             : (cols + TLM_PACKING_B3_WEIGHTS - 1u) / TLM_PACKING_B3_WEIGHTS;
}

int tlm_check_weights(const tlm_reader *r, const tlm_tensor *t) {
  const int t2 = t->type == TLM_TYPE_T2;
  const uint32_t group = t2 ? TLM_PACKING_T2_WEIGHTS : TLM_PACKING_B3_WEIGHTS;
  const uint32_t used = t->cols - (t->row_bytes - 1u) * group; /* digits of a row's last byte, 1 … group */
  const uint32_t rows = t->planes * t->rows;
  uint32_t row, j, i, at = t->offset;
  for (row = 0; row < rows; row++) {
    const uint8_t *p = t->data + row * t->row_bytes;
    uint32_t last = p[t->row_bytes - 1u];
    for (j = 0; j < t->row_bytes; j++) {
      const uint32_t byte = p[j];
      const int bad = t2 ? (byte & (byte >> 1) & 0x55u) != 0 : byte > TLM_PACKING_B3_BYTE_MAX;
      if (bad) return tlm_refuse(r, TLM_E_WEIGHT, at + j, byte, t2 ? 0xAAu : TLM_PACKING_B3_BYTE_MAX);
    }
    for (i = 0; i < group; i++) {
      const uint32_t digit = t2 ? last & 3u : last % 3u;
      if (i >= used) EQUAL(TLM_E_WEIGHT, at + t->row_bytes - 1u, digit, TLM_PACKING_ZERO_DIGIT);
      last = t2 ? last >> 2 : last / 3u;
    }
    at += t->row_bytes;
  }
  return TLM_OK;
}

/* One use of a matrix in a product: the shift k and the bound of 3.2. */
static int check_product(const tlm_reader *r, const tlm_tensor *t, uint32_t field, uint32_t from, uint32_t to) {
  static const uint8_t levels[3] = {1, 4, 13}; /* largest weight of so many trits */
  const uint32_t up = from + t->shift;
  const uint32_t least = to + TLM_LIMIT_SHIFT_MIN, most = to + TLM_LIMIT_SHIFT_MAX;
  uint32_t row, limit, k;
  if (up < least) return tlm_refuse(r, TLM_E_SCALE, field, t->shift, least - from);
  if (up > most) return tlm_refuse(r, TLM_E_SCALE, field, t->shift, most - from);
  k = up - to;
  limit = (TLM_LIMIT_PRODUCT_MAX - ((uint32_t)1 << (k - 1u))) /
          ((uint32_t)TLM_LIMIT_ACTIVATION_MAX * levels[t->planes - 1u] * t->cols);
  for (row = 0; row < t->rows; row++) {
    const uint32_t mantissa = tlm_mantissa(t, row);
    if (mantissa > limit) {
      return tlm_refuse(r, TLM_E_SCALE, (uint32_t)(t->scale - r->blob) + t->scale_bytes * row, mantissa, limit);
    }
  }
  return TLM_OK;
}

int tlm_check_uses(const tlm_reader *r, const tlm_model *m, const tlm_planned *p, uint32_t field) {
  const tlm_tensor *t = &m->tensors[p->index];
  const uint32_t shift = t->shift, frac = m->embed_frac;
  if (p->rule->role == TLM_ROLE_PRODUCT) return check_product(r, t, field, p->from, p->rule->to);
  IN_RANGE(TLM_E_SCALE, field, shift, frac + TLM_LIMIT_SHIFT_MIN, frac + TLM_LIMIT_SHIFT_MAX);
  if (p->index || !m->tied) return TLM_OK;
  return check_product(r, t, field, q_of_input(m, m->layers, m->head_stream), TLM_Q_LOGIT);
}

/* ---- symbols and merges (1.4) ---- */

int tlm_check_symbol(const tlm_reader *r, const uint8_t *p, uint32_t length, uint32_t *last) {
  const uint32_t order = tlm_symbol_order(p, length);
  const int whole = length && p[0] && tlm_unit(p, length, 1) == length && (length > 1u || p[0] < 0x80u);
  if (!whole || order <= *last) {
    return tlm_refuse(r, TLM_E_TOKENIZER, (uint32_t)(p - r->blob), order, *last + 1u);
  }
  *last = order;
  return TLM_OK;
}

int tlm_check_merges(const tlm_reader *r, const tlm_model *m, uint32_t at) {
  uint8_t text[2u * TLM_TOKENIZER_TOKEN_BYTES_MAX];
  uint32_t i, side;
  for (i = 0; i < m->merge_count; i++, at += m->merge_bytes) {
    const uint32_t pair = tlm_merge(m, i);
    uint32_t length = 0;
    for (side = 0; side < 32u; side += 16u) {
      const uint32_t id = pair >> side & 0xFFFFu;
      IN_RANGE(TLM_E_TOKENIZER, at, id, TLM_TOKENIZER_FIRST_SYMBOL, m->base_count + i - 1u);
      length += tlm_expand(m, id, text);
    }
    AT_MOST(TLM_E_TOKENIZER, at, length, TLM_TOKENIZER_TOKEN_BYTES_MAX);
  }
  return TLM_OK;
}
