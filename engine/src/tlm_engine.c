/* A step of the model: embedding, recurrent cell, logits (SPEC.md 3). */
#include "tlm_internal.h"
#include "tlm_tables.h"

/* ---- memory ---- */

/* Where the parts of the caller's block begin, bytes. Every part is a multiple of 4. */
typedef struct layout {
  uint32_t h, gx, gh, logits, x, table, scratch, total;
  uint32_t slot_bytes, slots;
} layout;

static uint32_t round4(uint32_t n) { return (n + 3u) & ~3u; }
static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* Bytes of the table of a whole row, 0 for a bias. */
static uint32_t table_bytes(const struct tlm_kernel *kernel, const tlm_tensor *t) {
  return t->type == TLM_TYPE_I16 ? 0u : t->row_bytes * tlm_packing_of(kernel, t->type)->stride * 2u;
}

static int plan(layout *l, const tlm_model *m, int kernel_id, uint32_t budget) {
  const struct tlm_kernel *kernel = tlm_kernel_of(kernel_id);
  const uint32_t H = m->hidden, V = m->vocab;
  uint32_t i, at, widest = 0;
  if (!kernel) return TLM_E_ARGUMENT;
  if (budget == 0) budget = TLM_TABLE_BUDGET_DEFAULT;
  if (budget < TLM_TABLE_BUDGET_MIN) return TLM_E_ARGUMENT;
  budget &= ~3u;
  /* An untied embedding is only read row by row. */
  for (i = m->tied ? 0u : 1u; i < m->tensor_count; i++) widest = larger(widest, table_bytes(kernel, &m->tensors[i]));
  widest = round4(widest);
  l->slots = 0;
  l->slot_bytes = 0;
  if (widest) {
    l->slot_bytes = widest < budget ? widest : budget;
    /* One for each layer's hidden state is all that is ever met again (see INPUT_EMBEDDING). */
    l->slots = budget / l->slot_bytes;
    if (l->slots > m->layers) l->slots = m->layers;
    if (l->slots > TLM_TABLE_SLOTS_MAX) l->slots = TLM_TABLE_SLOTS_MAX;
  }
  at = 0;
  l->h = at;
  at += round4(2u * H * m->layers);
  l->gx = at;
  at += round4(6u * H);
  l->gh = at;
  at += round4(6u * H);
  l->logits = at;
  at += round4(2u * V);
  l->x = at;
  at += round4(larger(m->dim, H) + TLM_X_PADDING);
  l->table = at;
  at += l->slots * l->slot_bytes;
  /* i32 accumulators (3H or V) while a product is made; u32 keys and u16 weights (V) while a token is drawn. */
  l->scratch = at;
  at += larger(12u * H, 6u * V + 2u);
  l->total = round4(at);
  return TLM_OK;
}

uint32_t tlm_memory_bytes(const tlm_model *model, int kernel, uint32_t table_budget) {
  layout l;
  return model && plan(&l, model, kernel, table_budget) == TLM_OK ? l.total : 0u;
}

/*
 * Inputs (see INPUT_EMBEDDING) share slots so that nothing useful is pushed out: layer 0 multiplies its state first
 * and is done with that table when the embedding needs a place.
 */
static void place_inputs(tlm_engine *e) {
  uint32_t input;
  for (input = 0; input <= e->model->layers; input++) {
    e->slot_of[input] = (uint8_t)(e->slots ? (input ? input : 1u) % e->slots : 0u);
  }
}

int tlm_init(tlm_engine *e, const tlm_model *model, void *memory, uint32_t bytes, int kernel, uint32_t table_budget) {
  uint8_t *block = (uint8_t *)memory;
  uint32_t i;
  layout l;
  int code;
  if (!e || !model || !model->blob || !memory) return TLM_E_ARGUMENT;
  code = plan(&l, model, kernel, table_budget);
  if (code) return code;
  if (bytes < l.total || ((uintptr_t)memory & 3u)) return TLM_E_MEMORY;
  e->model = model;
  e->kernel = tlm_kernel_of(kernel);
  e->parallel = NULL;
  e->parallel_user = NULL;
  e->parallel_parts = 1;
  e->parallel_share = 65536;
  e->h = (int16_t *)(void *)(block + l.h);
  e->gx = (int16_t *)(void *)(block + l.gx);
  e->gh = (int16_t *)(void *)(block + l.gh);
  e->logits = (int16_t *)(void *)(block + l.logits);
  e->x = (int8_t *)(block + l.x);
  e->table = (int16_t *)(void *)(block + l.table);
  e->scratch = (uint32_t *)(void *)(block + l.scratch);
  e->slot_bytes = l.slot_bytes;
  e->slots = l.slots;
  for (i = 0; i < 2u; i++) {
    const uint32_t stride = e->kernel->packing[i].stride;
    e->slot_groups[i] = (uint16_t)(stride ? l.slot_bytes / (stride * 2u) : 0u);
  }
  place_inputs(e);
  tlm_reset(e);
  return TLM_OK;
}

int tlm_set_parallel(tlm_engine *e, tlm_parallel run, void *user, uint32_t parts) {
  if (!e) return TLM_E_ARGUMENT;
  e->parallel = parts > 1u ? run : NULL;
  e->parallel_user = user;
  e->parallel_parts = e->parallel ? parts : 1u;
  e->parallel_share = (65535u + e->parallel_parts) / e->parallel_parts;
  return TLM_OK;
}

/* ---- inputs of products, and their tables ---- */

/*
 * A product's input is named: 0 is the embedding of the token being fed, l + 1 the 8-bit hidden state
 * of layer l. Layer l's state enters two products before it changes (the layer above or the head,
 * then its own recurrence in the next step), so its table is worth keeping from one to the other.
 */
#define INPUT_EMBEDDING 0u

static uint16_t tag_of(uint32_t input, uint32_t type) { return (uint16_t)((input + 1u) << 2 | type); }

/* The input changed: its tables are stale. */
static void forget(tlm_engine *e, uint32_t input) {
  uint32_t i;
  for (i = 0; i < TLM_TABLE_SLOTS_MAX; i++) {
    if (e->slot_tag[i] >> 2 == input + 1u) e->slot_tag[i] = 0;
  }
  if (e->x_input == input + 1u) e->x_input = 0;
}

/* Writes the input's i8 values to x: the embedding (3.1), or q8(h). */
static void load_input(tlm_engine *e, uint32_t input) {
  const tlm_model *m = e->model;
  uint32_t i;
  if (e->x_input == input + 1u) return;
  e->x_input = (uint16_t)(input + 1u);
  if (input == INPUT_EMBEDDING) {
    const tlm_tensor *t = &m->tensors[0];
    const uint32_t k = t->shift - (uint32_t)m->embed_frac;
    const uint32_t v = (tlm_u16(t->scale + 2u * e->token) + ((uint32_t)1 << (k - 1u))) >> k;
    tlm_unpack_row(t, e->token, v < TLM_LIMIT_ACTIVATION_MAX ? (int32_t)v : TLM_LIMIT_ACTIVATION_MAX, e->x);
  } else {
    const int16_t *h = e->h + (input - 1u) * m->hidden;
    for (i = 0; i < m->hidden; i++) {
      /* Q15 → Q7: −32767 … 32767 → −128 … 128, then clamped */
      const int32_t v = (h[i] + 128) >> 8;
      e->x[i] = (int8_t)(v > 127 ? 127 : v < -127 ? -127 : v);
    }
    for (; i < m->hidden + TLM_X_PADDING; i++) e->x[i] = 0;
  }
}

/* ---- linear (3.2) ---- */

typedef struct product {
  const tlm_packing *packing;
  tlm_span span;
  const tlm_tensor *weights;
  const tlm_tensor *bias;
  int16_t *y;
  uint32_t k;    /* shift of the scaled sum, 1 … 30 */
  uint32_t up;   /* shift of the bias, 0 … 11 */
  uint32_t step; /* rows of a part, where there are several */
  int last;      /* after these columns the sums are whole */
} product;

/* y_r = sat16( ((acc_r · mantissa_r + 2^(k−1)) >> k) + b_r · 2^up ); |acc · mantissa| + 2^(k−1) < 2^31 (tlm_open). */
static void finish(const product *p, uint32_t from, uint32_t to) {
  const uint8_t *scale = p->weights->scale + 2u * from, *bias = p->bias->data + 2u * from;
  const int32_t *acc = p->span.acc + from, *end = p->span.acc + to;
  const uint32_t k = p->k;
  const int32_t half = (int32_t)1 << (k - 1u), up = (int32_t)1 << p->up;
  int16_t *y = p->y + from;
  for (; acc != end; acc++, scale += 2, bias += 2) {
    int32_t v = ((*acc * (int32_t)tlm_u16(scale) + half) >> k) + tlm_i16(bias) * up; /* < 2^30 + 2^26 */
    if (v > 32767) v = 32767;
    if (v < -32768) v = -32768;
    *y++ = (int16_t)v;
  }
}

static void run_rows(void *argument, uint32_t part, uint32_t parts) {
  const product *p = (const product *)argument;
  const uint32_t rows = p->weights->rows, step = parts == 1u ? rows : p->step;
  const uint32_t from = part * step < rows ? part * step : rows, to = from + step < rows ? from + step : rows;
  p->packing->rows(&p->span, from, to);
  if (p->last) finish(p, from, to);
}

/* Products smaller than this many packed bytes are not worth waking another core. */
#define PARALLEL_BYTES_MIN 1024u

static void run_product(const tlm_engine *e, product *p) {
  if (e->parallel && p->weights->rows * p->span.bytes >= PARALLEL_BYTES_MIN) {
    p->step = (p->weights->rows * e->parallel_share + 65535u) >> 16; /* ≤ 6144 · 2^16 */
    e->parallel(e->parallel_user, run_rows, p, e->parallel_parts);
  } else {
    run_rows(p, 0, 1);
  }
}

/*
 * y (rows) = W · input + b in Q `q`; fx is the Q of the input. Any cell's products go through here.
 * A row that needs more table memory than there is goes in pieces: of columns, through all rows, adding up.
 */
static void linear(tlm_engine *e, const tlm_tensor *weights, const tlm_tensor *bias, uint32_t input, uint32_t fx,
                   uint32_t q, int16_t *y) {
  const tlm_packing *packing = tlm_packing_of(e->kernel, weights->type);
  const uint32_t groups = weights->row_bytes;
  uint32_t first, piece = groups;
  product p;
  p.packing = packing;
  p.weights = weights;
  p.bias = bias;
  p.y = y;
  p.k = fx + weights->shift - q;
  p.up = q - bias->frac;
  p.span.row_bytes = weights->row_bytes;
  p.span.acc = (int32_t *)(void *)e->scratch;
  p.span.table = NULL;
  if (e->kernel->uses_table) {
    const uint32_t most = e->slot_groups[weights->type == TLM_TYPE_B3];
    if (groups <= most) {
      const uint32_t slot = e->slot_of[input];
      int16_t *table = e->table + slot * (e->slot_bytes / 2u);
      p.span.table = table;
      if (e->slot_tag[slot] != tag_of(input, weights->type)) {
        load_input(e, input);
        packing->build(table, e->x, groups);
        e->slot_tag[slot] = tag_of(input, weights->type);
      }
      p.span.data = weights->data;
      p.span.bytes = groups;
      p.span.x = e->x;
      p.span.add = 0;
      p.last = 1;
      run_product(e, &p);
      return;
    }
    /* Whole blocks of the kernel (16 groups) where they fit. */
    piece = most < 16u ? most : most & ~15u;
    p.span.table = e->table;
    e->slot_tag[0] = 0; /* slots is 1 here: a slot is then the whole budget */
  }
  load_input(e, input);
  for (first = 0; first < groups; first += piece) {
    const uint32_t n = groups - first < piece ? groups - first : piece;
    if (e->kernel->uses_table) packing->build(e->table, e->x + first * packing->group, n);
    p.span.data = weights->data + first;
    p.span.bytes = n;
    p.span.x = e->x + first * packing->group;
    p.span.add = first != 0;
    p.last = first + n == groups;
    run_product(e, &p);
  }
}

/* ---- 3.3 ---- */

/* Q11 → Q15, 0 … 32768 */
TLM_INLINE int32_t sigmoid(int32_t x) {
  const int32_t a = x < 0 ? -x : x;
  const int32_t i = a >> TLM_SIGMOID_SHIFT, f = a & TLM_SIGMOID_MASK;
  int32_t s = TLM_SIGMOID_ONE;
  if (i < TLM_SIGMOID_LAST) {
    s = tlm_sigmoid_table[i];
    s += ((tlm_sigmoid_table[i + 1] - s) * f + 64) >> TLM_SIGMOID_SHIFT;
  }
  return x < 0 ? TLM_SIGMOID_ONE - s : s;
}

/* Q11 → Q15, −32767 … 32767 */
TLM_INLINE int32_t tanh_q15(int32_t x) {
  const int32_t v = 2 * sigmoid(2 * x) - TLM_SIGMOID_ONE;
  return v > TLM_SIGMOID_TANH_MAX ? TLM_SIGMOID_TANH_MAX : v < -TLM_SIGMOID_TANH_MAX ? -TLM_SIGMOID_TANH_MAX : v;
}

/* ---- cells ---- */

/* 3.4: GRU, one layer. Inputs within ±2^16 after the sums, products within 2^30. */
static void gru_layer(tlm_engine *e, uint32_t layer) {
  const tlm_model *m = e->model;
  const uint32_t H = m->hidden;
  int16_t *h = e->h + layer * H, *end = h + H;
  const int16_t *xr = e->gx, *xz = xr + H, *xn = xz + H, *hr = e->gh, *hz = hr + H, *hn = hz + H;
  linear(e, tlm_layer_tensor(m, layer, TLM_TENSOR_RNN_WEIGHT_HH), tlm_layer_tensor(m, layer, TLM_TENSOR_RNN_BIAS_HH),
         layer + 1u, TLM_Q_HIDDEN, TLM_Q_GATE, e->gh);
  linear(e, tlm_layer_tensor(m, layer, TLM_TENSOR_RNN_WEIGHT_IH), tlm_layer_tensor(m, layer, TLM_TENSOR_RNN_BIAS_IH),
         layer, layer ? TLM_Q_HIDDEN : m->embed_frac, TLM_Q_GATE, e->gx);
  for (; h != end; h++) {
    const int32_t r = sigmoid(*xr++ + *hr++);
    const int32_t z = sigmoid(*xz++ + *hz++);
    const int32_t n = tanh_q15(*xn++ + ((r * *hn++ + 16384) >> TLM_Q_STATE));
    *h = (int16_t)((z * *h + (TLM_SIGMOID_ONE - z) * n + 16384) >> TLM_Q_STATE);
  }
  forget(e, layer + 1u);
}

/* By the header's cell; 0 is no cell. tlm_open lets only those through that stand here. */
typedef void (*cell_layer)(tlm_engine *e, uint32_t layer);
static const cell_layer cells[] = { NULL, gru_layer };

/* ---- the engine's step ---- */

static void zero_state(tlm_engine *e) {
  const uint32_t n = (uint32_t)e->model->layers * e->model->hidden;
  uint32_t i;
  for (i = 0; i < n; i++) e->h[i] = 0;
  tlm_state_changed(e);
}

void tlm_state_changed(tlm_engine *e) {
  uint32_t i;
  for (i = 0; i < TLM_TABLE_SLOTS_MAX; i++) e->slot_tag[i] = 0;
  e->x_input = 0;
  e->logits_ready = 0;
}

void tlm_reset(tlm_engine *e) {
  zero_state(e);
  e->token = 0;
  e->recent_next = 0;
  e->recent_count = 0;
}

int tlm_step(tlm_engine *e, uint32_t token) {
  const tlm_model *m = e->model;
  uint32_t layer;
  if (token >= m->vocab) return TLM_E_TOKEN;
  if (token != m->eod) {
    e->recent[e->recent_next] = (uint16_t)token;
    e->recent_next = (uint8_t)((e->recent_next + 1u) % TLM_RECENT_MAX);
    if (e->recent_count < TLM_RECENT_MAX) e->recent_count++;
  } else if (m->reset_on_eod) {
    zero_state(e);
  }
  if (e->token != token) {
    e->token = (uint16_t)token;
    forget(e, INPUT_EMBEDDING);
  }
  e->logits_ready = 0;
  for (layer = 0; layer < m->layers; layer++) cells[m->cell](e, layer);
  return TLM_OK;
}

const int16_t *tlm_logits(tlm_engine *e) {
  if (!e->logits_ready) {
    const tlm_model *m = e->model;
    linear(e, tlm_head_tensor(m), tlm_head_bias(m), m->layers, TLM_Q_HIDDEN, TLM_Q_LOGIT, e->logits);
    e->logits_ready = 1;
  }
  return e->logits;
}
