/*
 * Forward products of weights made of ternary digits and 8-bit activations, in integers:
 *
 *   C (M, N) = scale (N) · (A (M, K) · B (K, N)) + bias (N),  A in −127 … 127, B in −13 … 13 (three digits)
 *
 * Sums are exact. Two neighbours along K share a 32-bit lane, and one instruction multiplies both and adds them: twice the products of a
 * float multiply-add, from half the bytes. Where a target has no such instruction, DOT16 is not defined and the float kernel does it.
 *
 * B is packed as [panel][k / 2][NR][2]; K is even, N a multiple of NR.
 */
#ifndef TLM_TRAIN_GEMM16_H
#define TLM_TRAIN_GEMM16_H

#include "gemm.h"

typedef int16_t vs __attribute__((vector_size(VW * 4)));
typedef int16_t vsu __attribute__((vector_size(VW * 4), aligned(2), may_alias));
typedef int32_t pair __attribute__((aligned(2), may_alias));

/* sum + a₂ₖ·b₂ₖ + a₂ₖ₊₁·b₂ₖ₊₁ in each 32-bit lane. AVX-512 without VNNI takes two instructions for it, which gains nothing. */
#if defined(__wasm__)
#define DOT16 1
INLINE vi dot16(vs a, vs b, vi sum) { return sum + (vi)__builtin_wasm_dot_s_i32x4_i16x8(a, b); }
#elif defined(__AVX512VNNI__) && VW == 16
#define DOT16 1
INLINE vi dot16(vs a, vs b, vi sum) { return (vi)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b); }
#elif defined(__AVX2__) && VW == 8
#define DOT16 1
INLINE vi dot16(vs a, vs b, vi sum) { return sum + (vi)_mm256_madd_epi16((__m256i)a, (__m256i)b); }
#endif

#ifdef DOT16

/* One tile, as in gemm.h. */
INLINE void tile16(const int rows, const int panels, int k_count, const int16_t *a, const int a_row, const int16_t *b,
                   float *c, int c_row, const float *scale, const float *bias) {
  vi sum[MR][4 * NV];
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int v = 0; v < panels * NV; v++) sum[i][v] = (vi){0};
  UNROLL_K for (int k = 0; k < k_count; k += 2) {
    vs right[4 * NV];
    UNROLL for (int p = 0; p < panels; p++) UNROLL for (int v = 0; v < NV; v++) right[p * NV + v] =
        *(const vsu *)(b + p * k_count * NR + v * 2 * VW);
    UNROLL for (int i = 0; i < rows; i++) {
      vs left = (vs)(*(const pair *)(a + i * a_row) - (vi){0});
      UNROLL for (int v = 0; v < panels * NV; v++) sum[i][v] = dot16(left, right[v], sum[i][v]);
    }
    a += 2;
    b += 2 * NR;
  }
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int v = 0; v < panels * NV; v++) {
    const vf y = __builtin_convertvector(sum[i][v], vf);
    store(c + (size_t)i * c_row + v * VW, fma_(y, load(scale + v * VW), load(bias + v * VW)));
  }
}

/* All tiles, in the order of gemm.h. A row of A starts a_row numbers after the one before. */
static inline void gemm16(int m, int n, int k, const int16_t *a, const int a_row, const int16_t *b, float *c, int c_row,
                          const float *scale, const float *bias) {
  const int panels = n / NR;
#define TILE(rows, width, i, p)                                                                                        \
  tile16(rows, width, k, a + (size_t)(i) * a_row, a_row, b + (size_t)(p) * k * NR, c + (size_t)(i) * c_row + (p) * NR, \
         c_row, scale + (p) * NR, bias + (p) * NR)
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

/* Packs the levels of W (N, K), stored row by row as levels times the row's scale. */
static inline void pack16(int k_count, int n_count, const float *w, const float *scale, int16_t *out) {
  for (int first = 0; first < n_count; first += NR) {
    float inverse[NR];
    for (int n = 0; n < NR; n++) inverse[n] = scale[first + n] > 0 ? 1.0f / scale[first + n] : 0.0f;
    for (int k = 0; k < k_count; k += 2)
      for (int n = 0; n < NR; n++, out += 2) {
        const float *from = w + (size_t)(first + n) * k_count + k;
        out[0] = (int16_t)level_of(from[0], inverse[n]);
        out[1] = (int16_t)level_of(from[1], inverse[n]);
      }
  }
}

#endif
#endif
