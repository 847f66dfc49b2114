/*
 * Matrix products on packed right-hand sides.
 *
 *   C (M, N) = [C +] A (M, K) · B (K, N) [+ bias (N)]
 *
 * A is read element by element with a row and a column stride, so that the same kernel serves
 * y = x·Wᵀ, dx = dy·W and dW = dyᵀ·x. B is packed beforehand into panels of NR columns:
 *
 *   packed[panel][k][NR], the last panel filled up with zeros.
 *
 * The micro-kernel holds MR × NR sums in registers. C has room for N rounded up to NR in each row.
 */
#ifndef TLM_TRAIN_GEMM_H
#define TLM_TRAIN_GEMM_H

#include "vec.h"

#ifndef MR
#define MR 4 /* rows a micro-kernel */
#endif
#ifndef NV
#define NV 2 /* vectors a row of the micro-kernel */
#endif
#define NR (NV * VW)

#define ROUND_UP(n, to) (((n) + (to) - 1) / (to) * (to))

/* Floats that pack_b writes. */
INLINE int packed_floats(int k, int n) { return k * ROUND_UP(n, NR); }

/* Packs B (K, N) with element (k, n) at b[k · row_stride + n · col_stride]; panels [from, to). */
static void pack_b(int k_count, int n_count, const float *b, int row_stride, int col_stride, float *out, int from,
                   int to) {
  for (int panel = from; panel < to; panel++) {
    int first = panel * NR;
    int width = n_count - first < NR ? n_count - first : NR;
    float *dst = out + (size_t)panel * k_count * NR;
    if (col_stride == 1 && width == NR) {
      for (int k = 0; k < k_count; k++, dst += NR) {
        const float *src = b + (size_t)k * row_stride + first;
        for (int v = 0; v < NV; v++) store(dst + v * VW, load(src + v * VW));
      }
    } else {
      for (int k = 0; k < k_count; k++, dst += NR)
        for (int n = 0; n < NR; n++)
          dst[n] = n < width ? b[(size_t)k * row_stride + (size_t)(first + n) * col_stride] : 0.0f;
    }
  }
}

/* One tile: rows × NR. `rows` is a compile-time constant at each call, so the loops unroll into registers. */
INLINE void tile(const int rows, int k_count, const float *a, int a_row, int a_col, const float *b, float *c,
                 int c_row, const float *bias, int accumulate) {
  vf sum[MR][NV];
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++) sum[i][v] = bias ? load(bias + v * VW) : splat(0.0f);
  const float *row[MR];
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++) row[i] = a + (size_t)i * a_row;
  for (int k = 0; k < k_count; k++) {
    vf right[NV];
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++) right[v] = load(b + v * VW);
    b += NR;
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
      vf left = splat(*row[i]);
      row[i] += a_col;
#pragma GCC unroll 4
      for (int v = 0; v < NV; v++) sum[i][v] = fma_(left, right[v], sum[i][v]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++) {
      float *to = c + (size_t)i * c_row + v * VW;
      store(to, accumulate ? load(to) + sum[i][v] : sum[i][v]);
    }
}

INLINE void tiles(int m, int k, const float *a, int a_row, int a_col, const float *b, float *c, int c_row,
                  const float *bias, const int accumulate) {
  int i = 0;
  for (; i + MR <= m; i += MR)
    tile(MR, k, a + (size_t)i * a_row, a_row, a_col, b, c + (size_t)i * c_row, c_row, bias, accumulate);
  for (; i < m; i++)
    tile(1, k, a + (size_t)i * a_row, a_row, a_col, b, c + (size_t)i * c_row, c_row, bias, accumulate);
}

/* The product over whole panels; `bias` may be null. Multiply-adds: m · n · k. */
static void gemm(int m, int n, int k, const float *a, int a_row, int a_col, const float *packed, float *c, int c_row,
                 const float *bias) {
  int panels = ROUND_UP(n, NR) / NR;
  for (int p = 0; p < panels; p++)
    tiles(m, k, a, a_row, a_col, packed + (size_t)p * k * NR, c + p * NR, c_row, bias ? bias + p * NR : 0, 0);
}

static void gemm_add(int m, int n, int k, const float *a, int a_row, int a_col, const float *packed, float *c,
                     int c_row) {
  int panels = ROUND_UP(n, NR) / NR;
  for (int p = 0; p < panels; p++)
    tiles(m, k, a, a_row, a_col, packed + (size_t)p * k * NR, c + p * NR, c_row, 0, 1);
}

#endif
