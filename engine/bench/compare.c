/*
 * The engine's kernels beside plain ones: instructions of the three matrix products of a token (both of the GRU, and the
 * head), on the same weights and activations, without scales and gates. The sums of every kernel are compared with the
 * engine's. Same macros as count.c; see engine/bench/README.md.
 */
#include "../src/tlm_internal.h"
#include "../test/make_blob.h"

/* From the machine's own start file. */
void put_char(char c);
uint32_t instructions(void);

#ifndef VOCAB
#define VOCAB 256
#endif
#ifndef DIM
#define DIM 64
#endif
#ifndef TYPE
#define TYPE 1
#endif
#define HIDDEN DIM
#define WEIGHTS_MAX ((3u * HIDDEN > VOCAB ? 3u * HIDDEN : VOCAB) * HIDDEN)
#define ROWS_MAX (3u * HIDDEN > VOCAB ? 3u * HIDDEN : VOCAB)
#define KERNELS 5

static uint8_t blob[4u << 20] __attribute__((aligned(16)));
static uint32_t memory[(1u << 20) / 4u];
static int8_t x[HIDDEN + TLM_X_PADDING];
static float float_x[HIDDEN];
static int8_t weights[WEIGHTS_MAX];
static uint8_t codes[WEIGHTS_MAX / 4u];
static float float_weights[WEIGHTS_MAX];
static int32_t sums[ROWS_MAX], engine_sums[ROWS_MAX];
static float float_sums[ROWS_MAX];

#define APART __attribute__((noinline))

/* ---- plain kernels: acc (rows) = W (rows, cols) · x (cols) ---- */

APART static void plain_int8(const int8_t *w, const int8_t *v, uint32_t rows, uint32_t cols, int32_t *acc) {
  uint32_t c;
  for (; rows; rows--, w += cols) {
    int32_t sum = 0;
    for (c = 0; c < cols; c++) sum += w[c] * v[c];
    *acc++ = sum;
  }
}

/* Four weights a byte, lowest bits first: 0 is −1, 1 is 0, 2 is +1. cols is a multiple of 4. */
APART static void plain_branch(const uint8_t *p, const int8_t *v, uint32_t rows, uint32_t cols, int32_t *acc) {
  uint32_t c, i;
  for (; rows; rows--) {
    int32_t sum = 0;
    for (c = 0; c < cols; c += 4u) {
      uint32_t byte = *p++;
      for (i = 0; i < 4u; i++, byte >>= 2) {
        const uint32_t code = byte & 3u;
        if (code == 2u) sum += v[c + i];
        else if (code == 0u) sum -= v[c + i];
      }
    }
    *acc++ = sum;
  }
}

/* Neither of these instruction sets has floats: every operation is a call of a function below. */
APART static void plain_float(const float *w, const float *v, uint32_t rows, uint32_t cols, float *acc) {
  uint32_t c;
  for (; rows; rows--, w += cols) {
    float sum = 0;
    for (c = 0; c < cols; c++) sum += w[c] * v[c];
    *acc++ = sum;
  }
}

/*
 * What the compiler calls; Debian's libgcc for the lx106 lacks them. IEEE single precision, to nearest (ties to
 * even), without infinities, NaN and subnormal numbers, which do not occur here.
 */
float __mulsf3(float a, float b);
float __addsf3(float a, float b);
float __floatsisf(int32_t v);
int32_t __fixsfsi(float f);
typedef union bits {
  float f;
  uint32_t u;
} bits;

/* sign, biased exponent, and a mantissa whose leading one is at bit 26: three bits more than are kept. */
static float assemble(uint32_t sign, uint32_t exponent, uint32_t mantissa) {
  bits r;
  const uint32_t rest = mantissa & 7u;
  r.u = (exponent << 23) + ((mantissa >> 3) & 0x7FFFFFu);
  if (rest > 4u || (rest == 4u && (r.u & 1u))) r.u++;
  r.u |= sign;
  return r.f;
}

float __mulsf3(float a, float b) {
  bits p, q;
  uint32_t sign, ma, mb, high, low, mid, mantissa, exponent;
  p.f = a;
  q.f = b;
  sign = (p.u ^ q.u) & 0x80000000u;
  if (!(p.u << 1) || !(q.u << 1)) {
    p.u = sign;
    return p.f;
  }
  exponent = (p.u >> 23 & 255u) + (q.u >> 23 & 255u) - 127u;
  ma = (p.u & 0x7FFFFFu) | 0x800000u;
  mb = (q.u & 0x7FFFFFu) | 0x800000u;
  /* 48 bits of 12-bit halves: high · 2^24 + low */
  low = (ma & 4095u) * (mb & 4095u);
  mid = (ma >> 12) * (mb & 4095u) + (ma & 4095u) * (mb >> 12) + (low >> 12);
  high = (ma >> 12) * (mb >> 12) + (mid >> 12);
  low = (mid & 4095u) << 12 | (low & 4095u);
  if (high & 0x800000u) {
    exponent++;
    mantissa = high << 3 | low >> 21 | ((low & 0x1FFFFFu) != 0);
  } else {
    mantissa = high << 4 | low >> 20 | ((low & 0xFFFFFu) != 0);
  }
  return assemble(sign, exponent, mantissa);
}

float __addsf3(float a, float b) {
  bits p, q;
  uint32_t sign, exponent, ma, mb, apart;
  p.f = a;
  q.f = b;
  if ((p.u & 0x7FFFFFFFu) < (q.u & 0x7FFFFFFFu)) {
    p.f = b;
    q.f = a;
  }
  if (!(q.u << 1)) return p.f;
  sign = p.u & 0x80000000u;
  exponent = p.u >> 23 & 255u;
  ma = ((p.u & 0x7FFFFFu) | 0x800000u) << 3;
  mb = ((q.u & 0x7FFFFFu) | 0x800000u) << 3;
  apart = exponent - (q.u >> 23 & 255u);
  if (apart > 26u) return p.f;
  mb = mb >> apart | ((mb & (((uint32_t)1 << apart) - 1u)) != 0);
  if ((p.u ^ q.u) & 0x80000000u) {
    ma -= mb;
    if (!ma) return 0;
    while (!(ma >> 26)) {
      ma <<= 1;
      exponent--;
    }
  } else {
    ma += mb;
    if (ma >> 27) {
      ma = ma >> 1 | (ma & 1u);
      exponent++;
    }
  }
  return assemble(sign, exponent, ma);
}

/* |v| < 2^24 */
float __floatsisf(int32_t v) {
  bits r;
  uint32_t exponent = 127u + 23u, m = v < 0 ? 0u - (uint32_t)v : (uint32_t)v;
  if (!v) return 0;
  while (!(m >> 23)) {
    m <<= 1;
    exponent--;
  }
  r.u = (v < 0 ? 0x80000000u : 0u) | exponent << 23 | (m & 0x7FFFFFu);
  return r.f;
}

/* Toward zero, |f| < 2^24. */
int32_t __fixsfsi(float f) {
  bits b;
  uint32_t exponent, m;
  b.f = f;
  exponent = b.u >> 23 & 255u;
  if (exponent < 127u) return 0;
  m = ((b.u & 0x7FFFFFu) | 0x800000u) >> (127u + 23u - exponent);
  return b.u >> 31 ? -(int32_t)m : (int32_t)m;
}

/* ---- one matrix ---- */

static uint32_t total[KERNELS], weights_done, differing;

static uint32_t random_state = 1;
static uint32_t below(uint32_t n) {
  random_state = random_state * 1664525u + 1013904223u;
  return (random_state >> 16) % n;
}

static void compare_sums(uint32_t rows, const int32_t *a) {
  uint32_t r;
  for (r = 0; r < rows; r++) differing += a[r] != engine_sums[r];
}

/* As in_pieces() in tlm_linear.c: in pieces of columns whose tables fit the default budget. */
static uint32_t engine_product(int id, const tlm_tensor *t, int32_t *acc) {
  const struct tlm_kernel *kernel = tlm_kernel_of(id);
  const tlm_packing *packing = tlm_packing_of(kernel, t->type);
  const uint32_t most = kernel->uses_table ? TLM_TABLE_BUDGET_DEFAULT / (packing->stride * 2u) : t->row_bytes;
  const uint32_t piece = t->row_bytes <= most ? t->row_bytes : most & ~15u, start = instructions();
  uint32_t first;
  tlm_span s;
  s.row_bytes = t->row_bytes;
  s.table = (const int16_t *)(const void *)memory;
  for (first = 0; first < t->rows; first++) acc[first] = 0;
  for (first = 0; first < t->row_bytes; first += piece) {
    s.bytes = t->row_bytes - first < piece ? t->row_bytes - first : piece;
    s.x = x + first * packing->group;
    if (kernel->uses_table) packing->build((int16_t *)(void *)memory, s.x, s.bytes);
    packing->rows(&s, t->data + first, t->rows, acc);
  }
  return instructions() - start;
}

static void one_matrix(const tlm_model *m, const tlm_tensor *t) {
  const uint32_t rows = t->rows, cols = t->cols;
  uint32_t r, i, start;
  static int8_t row[HIDDEN + TLM_X_PADDING];
  static const int8_t level[TLM_LEVELS_MAX] = {-1, 0, 1};
  for (i = 0; i < cols; i++) {
    x[i] = (int8_t)((int32_t)below(255) - 127);
    float_x[i] = x[i];
  }
  for (r = 0; r < rows; r++) {
    tlm_unpack_row(m, t, r, level, row);
    for (i = 0; i < cols; i++) {
      const uint32_t at = r * cols + i;
      weights[at] = row[i];
      float_weights[at] = row[i];
      if (i % 4u == 0) codes[at / 4u] = 0;
      codes[at / 4u] |= (uint8_t)((uint32_t)(row[i] + 1) << 2u * (i % 4u));
    }
  }
  total[0] += engine_product(TLM_KERNEL_TABLE, t, engine_sums);
  total[1] += engine_product(TLM_KERNEL_REFERENCE, t, sums);
  compare_sums(rows, sums);
  start = instructions();
  plain_int8(weights, x, rows, cols, sums);
  total[2] += instructions() - start;
  compare_sums(rows, sums);
  start = instructions();
  plain_branch(codes, x, rows, cols, sums);
  total[3] += instructions() - start;
  compare_sums(rows, sums);
  start = instructions();
  plain_float(float_weights, float_x, rows, cols, float_sums);
  total[4] += instructions() - start;
  for (r = 0; r < rows; r++) sums[r] = (int32_t)float_sums[r]; /* whole numbers below 2^24: exact */
  compare_sums(rows, sums);
  weights_done += rows * cols;
}

static void put_field(const char *name, uint32_t v) {
  char digits[12];
  uint32_t n = 0;
  while (*name) put_char(*name++);
  put_char('=');
  do digits[n++] = (char)('0' + v % 10u);
  while ((v /= 10u) != 0);
  while (n) put_char(digits[--n]);
  put_char(' ');
}

int main(void) {
  static const char *const names[KERNELS] = {"table", "reference", "int8", "branch", "float"};
  static tlm_model model;
  const blob_shape shape = {VOCAB, DIM, HIDDEN, 1, 1, TYPE, VOCAB == 256 ? 1 : 2, 1};
  uint32_t i;
  if (tlm_open(&model, blob, make_blob(&shape, blob, sizeof blob), NULL) < 0) return 1;
  one_matrix(&model, tlm_layer_tensors(&model, 0) + 1);
  one_matrix(&model, tlm_layer_tensors(&model, 0));
  one_matrix(&model, tlm_head_matrix(&model));
  put_field("weights", weights_done);
  for (i = 0; i < KERNELS; i++) put_field(names[i], total[i]);
  put_field("differing", differing);
  put_char('\n');
  return differing != 0;
}
