/*
 * Matrix products.
 *
 *   C (M, N) = [C +] A (M, K) · B (K, N) [+ bias (N)]
 *
 * A is read element by element with a row and a column stride, one of which is 1, so that the same kernel serves y = x·Wᵀ,
 * dx = dy·W (rows of A contiguous) and dW = dyᵀ·x (columns contiguous). B is read in panels of NR columns: weights are packed
 * beforehand,
 *
 *   packed[panel][k][NR], the last panel filled up with zeros,
 *
 * activations, whose rows are used once a step, are read where they lie. C has room for N rounded up to NR in each row.
 *
 * The micro-kernel holds rows × panels × NV sums in registers, MR × NV at most: fewer rows take more panels at once, because a
 * multiply-add takes about four cycles and two can start in each.
 */
#ifndef TLM_TRAIN_GEMM_H
#define TLM_TRAIN_GEMM_H

#include "vec.h"

#ifndef MR /* most rows of a tile, a power of two */
#if VW == 16 || defined(__aarch64__)
#define MR 8 /* 32 vector registers */
#else
#define MR 4 /* 16 vector registers */
#endif
#endif
#ifndef NV
#define NV 2 /* vectors a panel */
#endif
#define NR (NV * VW)

/* The level of an effective weight: it is one times its row's scale, of which the inverse is given. */
INLINE int level_of(float w, float inverse) { return (int)(w * inverse + (w < 0 ? -0.5f : 0.5f)); }

#define ROUND_UP(n, to) (((n) + (to) - 1) / (to) * (to))

/*
 * Both compilers must unroll the loops over a tile completely, or its sums lie in memory (a quarter of the speed). The loop over
 * K is unrolled for native code only: V8 runs out of registers (32 instead of 54 GFLOP/s).
 */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#if defined(__wasm__)
#define UNROLL_K
#elif defined(__clang__)
#define UNROLL_K _Pragma("clang loop unroll_count(4)")
#else
#define UNROLL_K _Pragma("GCC unroll 4")
#endif

INLINE int packed_floats(int k, int n) { return k * ROUND_UP(n, NR); }

/* One tile. `rows`, `panels` and one of the strides of A are constants at each call: the loops unroll into registers. */
INLINE void tile(const int rows, const int panels, int k_count, const float *a, const int a_row, const int a_col,
                 const float *b, const int b_panel, const int b_row, float *c, int c_row, const float *bias,
                 const int accumulate) {
  vf sum[MR][4 * NV];
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int v = 0; v < panels * NV; v++) sum[i][v] =
      bias ? load(bias + v * VW) : splat(0.0f);
  UNROLL_K for (int k = 0; k < k_count; k++) {
    vf right[4 * NV];
    UNROLL for (int p = 0; p < panels; p++) UNROLL for (int v = 0; v < NV; v++) right[p * NV + v] =
        load(b + p * b_panel + v * VW);
    UNROLL for (int i = 0; i < rows; i++) {
      vf left = splat(a[i * a_row]);
      UNROLL for (int v = 0; v < panels * NV; v++) sum[i][v] = fma_(left, right[v], sum[i][v]);
    }
    a += a_col;
    b += b_row;
  }
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int v = 0; v < panels * NV; v++) {
    float *to = c + (size_t)i * c_row + v * VW;
    store(to, accumulate ? load(to) + sum[i][v] : sum[i][v]);
  }
}

/* The tiles of `rows` rows at `first`, where that is a part of what is left: used with TILE of a kernel. */
#define REST_OF_ROWS(rows, width)                                            \
  if (m & (rows)) {                                                          \
    int p = 0;                                                               \
    for (; p + (width) <= panels; p += (width)) TILE(rows, width, first, p); \
    for (; p < panels; p++) TILE(rows, 1, first, p);                         \
    first += (rows);                                                         \
  }

/*
 * All tiles. Whole tiles go down one panel of B after the other (a panel stays in the first-level cache); what is left of the rows,
 * 1 … MR − 1, is cut into powers of two.
 */
INLINE void tiles(int m, int n, int k, const float *a, const int a_row, const int a_col, const float *b,
                  const int b_panel, const int b_row, float *c, int c_row, const float *bias, int accumulate) {
  const int panels = ROUND_UP(n, NR) / NR;
#define TILE(rows, width, i, p)                                                                          \
  tile(rows, width, k, a + (size_t)(i) * a_row, a_row, a_col, b + (size_t)(p) * b_panel, b_panel, b_row, \
       c + (size_t)(i) * c_row + (p) * NR, c_row, bias ? bias + (p) * NR : 0, accumulate)
  int first = m / MR * MR;
  for (int p = 0; p < panels; p++)
    for (int i = 0; i < first; i += MR) TILE(MR, 1, i, p);
#if MR > 4
  REST_OF_ROWS(4, 2)
#endif
  REST_OF_ROWS(2, MR > 4 ? 4 : 2)
  REST_OF_ROWS(1, 4)
#undef TILE
}

/* C = [C +] A · B [+ bias], rows of A contiguous, B packed; `bias` may be null. Multiply-adds: m · n · k. */
static inline void gemm(int m, int n, int k, const float *a, int a_row, const float *packed, float *c, int c_row,
                        const float *bias, int accumulate) {
  tiles(m, n, k, a, a_row, 1, packed, k * NR, NR, c, c_row, bias, accumulate);
}

/* C = [C +] Aᵀ · B with A (K, M) and B (K, N) row by row. */
static inline void gemm_transposed(int m, int n, int k, const float *a, int a_row, const float *b, int b_row, float *c,
                                   int c_row, int accumulate) {
  tiles(m, n, k, a, 1, a_row, b, NR, b_row, c, c_row, 0, accumulate);
}

/* C = A · B with A (M, K) and B (K, N) row by row. */
static inline void gemm_unpacked(int m, int n, int k, const float *a, int a_row, const float *b, int b_row, float *c,
                                 int c_row) {
  tiles(m, n, k, a, a_row, 1, b, NR, b_row, c, c_row, 0, 0);
}

/* Packs B (K, N), stored row by row; row k comes from row (k + from) mod K. N is a multiple of NR. */
static inline void pack(int k_count, int n_count, const float *b, int from, float *out) {
  for (int first = 0; first < n_count; first += NR)
    for (int k = 0; k < k_count; k++, out += NR) {
      const float *src = b + (size_t)((k + from) % k_count) * n_count + first;
      for (int v = 0; v < NV; v++) store(out + v * VW, load(src + v * VW));
    }
}

/* Packs B (K, N), stored column by column. N is a multiple of NR. */
static inline void pack_transposed(int k_count, int n_count, const float *b, float *out) {
  for (int first = 0; first < n_count; first += NR)
    for (int k = 0; k < k_count; k++, out += NR)
      for (int n = 0; n < NR; n++) out[n] = b[(size_t)(first + n) * k_count + k];
}

#endif
