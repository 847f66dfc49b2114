/* Matrix products: their inputs in 8 bits, the tables of these, rows in parts (SPEC.md 3.2). */
#include "tlm_math.h"

/* ---- inputs, and their tables ---- */

static uint16_t tag_of(uint32_t input, uint32_t type) { return (uint16_t)((input + 1u) << 2 | type); }

void tlm_forget(tlm_engine *e, uint32_t input) {
  uint32_t i;
  for (i = 0; i < TLM_TABLE_SLOTS_MAX; i++) {
    if (e->slot_tag[i] >> 2 == input + 1u) e->slot_tag[i] = 0;
  }
  if (e->x_input == input + 1u) e->x_input = 0;
}

void tlm_wrote_x(tlm_engine *e, uint32_t n) {
  uint32_t i;
  tlm_forget(e, TLM_INPUT_OTHER);
  e->x_input = TLM_INPUT_OTHER + 1u;
  for (i = 0; i < TLM_X_PADDING; i++) e->x[n + i] = 0;
}

void tlm_load_input(tlm_engine *e, uint32_t input) {
  const tlm_model *m = e->model;
  if (e->x_input == input + 1u) return;
  e->x_input = (uint16_t)(input + 1u);
  if (input == TLM_INPUT_SOURCES) {
    tlm_source_embedding(e, e->x);
#ifndef TLM_WITHOUT_NGRAMS
    tlm_source_ngrams(e, e->x + m->dim);
#endif
  } else {
    const tlm_layer *l = &m->layer[input - 1u];
    const int16_t *h = e->h + l->state;
    uint32_t i;
    for (i = 0; i < l->width; i++) e->x[i] = q8(h[i]);
    for (; i < (uint32_t)l->width + TLM_X_PADDING; i++) e->x[i] = 0;
  }
}

/* ---- rows ---- */

/*
 * Accumulators of so many rows stand on the stack. A tile of rows goes through all columns, and all planes, before the
 * next one. Of rows that are longer than a block of the kernel fewer go at a time: a line of a flash cache that two
 * blocks share is then still there (64 rows of 96 bytes are 6 KB).
 */
#define ROW_TILE 96u
#define LONG_ROW_TILE 64u
#define LONG_ROW_BYTES 32u

typedef struct product {
  const tlm_packing *packing;
  tlm_span span;
  const uint8_t *plane[3]; /* first byte of these columns in row 0 of each plane */
  const tlm_tensor *weights;
  const uint8_t *scale;
  const uint8_t *bias; /* of row bias_first */
  int32_t *acc;        /* (rows) sums of a product in pieces; NULL for one in one piece */
  int16_t *y;
  uint32_t first, rows; /* these rows */
  uint32_t bias_first;  /* the first row with a bias */
  uint32_t bias_bytes;  /* 0, 1 or 2 */
  uint32_t k;           /* shift of the scaled sum, 1 … 30 */
  int32_t up;           /* factor of the bias, 2^0 … 2^11 */
  uint32_t step;        /* rows of a part, where there are several */
  int begins, ends;     /* whether these are the first columns, the last ones */
} product;

/*
 * y_r = sat16( ((acc_r · mantissa_r + 2^(k−1)) >> k) + b_r · 2^up ) of n ≥ 1 rows; |acc · mantissa| + 2^(k−1) < 2^31
 * (tlm_open), and what is added stays within 2^30 + 2^26.
 */
TLM_INLINE void finish_rows(const product *p, const int32_t *acc, uint32_t row, uint32_t n, const uint32_t scale_bytes,
                            const uint32_t bias_bytes) {
  const uint8_t *scale = p->scale + scale_bytes * row;
  const uint8_t *bias = bias_bytes ? p->bias + bias_bytes * (row - p->bias_first) : NULL;
  const int32_t *end = acc + n;
  const uint32_t k = p->k;
  const int32_t half = (int32_t)1 << (k - 1u), up = p->up;
  int16_t *y = p->y + row;
  for (; acc != end; acc++) {
    int32_t v = (*acc * (int32_t)(scale_bytes == 1u ? *scale : tlm_u16(scale)) + half) >> k;
    if (bias_bytes == 1u) v += (int32_t)(int8_t)*bias * up;
    if (bias_bytes == 2u) v += tlm_i16(bias) * up;
    *y++ = (int16_t)sat16(v);
    scale += scale_bytes;
    if (bias_bytes) bias += bias_bytes;
  }
}

static void finish(const product *p, const int32_t *acc, uint32_t row, uint32_t n) {
  uint32_t without = row < p->bias_first ? p->bias_first - row : 0u;
  if (without > n) without = n;
  if (p->weights->scale_bytes == 1u) {
    if (without) finish_rows(p, acc, row, without, 1, 0);
    if (without == n) return;
    if (p->bias_bytes == 1u) finish_rows(p, acc + without, row + without, n - without, 1, 1);
    else finish_rows(p, acc + without, row + without, n - without, 1, 2);
  } else {
    if (without) finish_rows(p, acc, row, without, 2, 0);
    if (without == n) return;
    if (p->bias_bytes == 1u) finish_rows(p, acc + without, row + without, n - without, 2, 1);
    else finish_rows(p, acc + without, row + without, n - without, 2, 2);
  }
}

/* The first n accumulators of a tile, and some more of it: eight at a time. */
static void clear(int32_t *tile, uint32_t n) {
  int32_t *end = tile + n;
  for (; tile < end; tile += 8) {
    tile[0] = tile[1] = tile[2] = tile[3] = 0;
    tile[4] = tile[5] = tile[6] = tile[7] = 0;
  }
}

/* The digits so far weigh three times as much as those of the next plane. */
static void triple(int32_t *tile, uint32_t n) {
  int32_t *end = tile + n;
  for (; tile < end; tile += 4) {
    const int32_t a = tile[0], b = tile[1], c = tile[2], d = tile[3];
    tile[0] = 3 * a;
    tile[1] = 3 * b;
    tile[2] = 3 * c;
    tile[3] = 3 * d;
  }
}

static void run_rows(void *argument, uint32_t part, uint32_t parts) {
  const product *p = (const product *)argument;
  const uint32_t step = parts == 1u ? p->rows : p->step, row_bytes = p->span.row_bytes, planes = p->weights->planes;
  const uint32_t most = row_bytes > LONG_ROW_BYTES ? LONG_ROW_TILE : ROW_TILE;
  uint32_t from = part * step < p->rows ? part * step : p->rows, n, plane, i;
  const uint32_t to = from + step < p->rows ? from + step : p->rows;
  int32_t tile[ROW_TILE];
  for (; from < to; from += n) {
    const uint32_t row = p->first + from;
    int32_t *acc = tile;
    n = to - from < most ? to - from : most;
    if (p->acc && planes == 1u) { /* adds up in place */
      acc = p->acc + from;
      if (p->begins) {
        for (i = 0; i < n; i++) acc[i] = 0;
      }
      p->packing->rows(&p->span, p->plane[0] + row * row_bytes, n, acc);
    } else {
      clear(tile, n);
      for (plane = 0; plane < planes; plane++) {
        if (plane) triple(tile, n);
        p->packing->rows(&p->span, p->plane[plane] + row * row_bytes, n, tile);
      }
      if (p->acc) {
        acc = p->acc + from;
        for (i = 0; i < n; i++) acc[i] = p->begins ? tile[i] : acc[i] + tile[i];
      }
    }
    if (p->ends) finish(p, acc, row, n);
  }
}

/* Products smaller than this many packed bytes are not worth waking another core. */
#define PARALLEL_BYTES_MIN 1024u

/* Multiplies `bytes` packed bytes of each row from byte `first` on by the tables at span.table. */
static void run_product(const tlm_engine *e, product *p, uint32_t first, uint32_t bytes) {
  uint32_t i;
  p->span.bytes = bytes;
  p->span.x = e->x + first * p->packing->group;
  for (i = 0; i < p->weights->planes; i++) p->plane[i] = tlm_plane(e->model, p->weights, i) + first;
  if (e->parallel && p->rows * bytes * p->weights->planes >= PARALLEL_BYTES_MIN) {
    p->step = (p->rows * e->parallel_share + 65535u) >> 16; /* ≤ 6144 · 2^16 */
    e->parallel(e->parallel_user, run_rows, p, e->parallel_parts);
  } else {
    run_rows(p, 0, 1);
  }
}

/*
 * A row that needs more table memory than there is: in pieces of columns, through all rows, adding up. There are
 * accumulators for TLM_PIECE_ROWS rows; more rows go one such chunk after the other.
 */
static void in_pieces(tlm_engine *e, product *p, uint32_t input, uint32_t most) {
  const uint32_t groups = p->weights->row_bytes, rows = p->weights->rows;
  /* Whole blocks of the kernel (16 groups) where they fit. */
  const uint32_t piece = most < 16u ? most : most & ~15u;
  uint32_t first;
  tlm_load_input(e, input);
  e->slot_tag[0] = 0; /* slots is 1 here: a slot is then the whole budget */
  p->span.table = e->table;
  p->acc = (int32_t *)(void *)e->scratch;
  for (p->first = 0; p->first < rows; p->first += p->rows) {
    p->rows = rows - p->first < TLM_PIECE_ROWS ? rows - p->first : TLM_PIECE_ROWS;
    for (first = 0; first < groups; first += piece) {
      const uint32_t n = groups - first < piece ? groups - first : piece;
      p->packing->build(e->table, e->x + first * p->packing->group, n);
      p->begins = first == 0;
      p->ends = first + n == groups;
      run_product(e, p, first, n);
    }
  }
}

void tlm_linear(tlm_engine *e, const tlm_tensor *weights, const tlm_tensor *bias, uint32_t input, uint32_t fx,
                uint32_t q, int16_t *y) {
  const uint32_t most = e->slot_groups[weights->type == TLM_TYPE_B3];
  product p;
  p.packing = tlm_packing_of(e->kernel, weights->type);
  p.span.row_bytes = weights->row_bytes;
  p.span.table = NULL;
  p.weights = weights;
  p.scale = weights->scale;
  p.bias = bias ? bias->data : NULL;
  p.bias_bytes = bias ? bias->row_bytes : 0u;
  p.bias_first = weights->rows - (bias ? bias->rows : 0u);
  p.acc = NULL;
  p.y = y;
  p.first = 0;
  p.rows = weights->rows;
  p.k = fx + weights->shift - q;
  p.up = (int32_t)1 << (bias ? q - bias->frac : 0u);
  p.begins = p.ends = 1;
  if (e->kernel->uses_table) {
    const uint32_t slot = e->slot_of[input];
    int16_t *table = e->table + slot * (e->slot_bytes / 2u);
    if (weights->row_bytes > most) {
      in_pieces(e, &p, input, most);
      return;
    }
    p.span.table = table;
    if (e->slot_tag[slot] != tag_of(input, weights->type)) {
      tlm_load_input(e, input);
      p.packing->build(table, e->x, weights->row_bytes);
      e->slot_tag[slot] = tag_of(input, weights->type);
    }
  } else {
    tlm_load_input(e, input);
  }
  run_product(e, &p, 0, weights->row_bytes);
}
