/* Matrix products: their inputs in 8 bits, the tables of these, rows in parts (SPEC.md 3.2). */
#include "tlm_internal.h"

/* ---- inputs of products, and their tables ---- */

static uint16_t tag_of(uint32_t input, uint32_t type) { return (uint16_t)((input + 1u) << 2 | type); }

void tlm_forget(tlm_engine *e, uint32_t input) {
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
  if (input == TLM_INPUT_EMBEDDING) {
    tlm_source_embedding(e);
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

/* A row that needs more table memory than there is goes in pieces: of columns, through all rows, adding up. */
void tlm_linear(tlm_engine *e, const tlm_tensor *weights, const tlm_tensor *bias, uint32_t input, uint32_t fx, uint32_t q,
                int16_t *y) {
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
