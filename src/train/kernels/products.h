/*
 * The products of weights as a step needs them: y = x·Wᵀ + b forward and dx = dy·W back, by the kernel that the build and the kind of
 * training allow. Weights are packed once a step.
 */
#ifndef TLM_TRAIN_PRODUCTS_H
#define TLM_TRAIN_PRODUCTS_H

#include "gemm16.h"
#include "lookup.h"

/* W (N, K) for y = x·Wᵀ + b: floats, or signs with a scale for each row (x's unit in it). */
typedef struct {
  float *packed;
  int16_t *signs;
  float *scale; /* (N) */
} ForwardWeights;

/* W (K, N) for dx = dy·W: floats, or offsets into tables with a scale for each row. */
typedef struct {
  float *packed;
  uint16_t *offsets;
  float *scale; /* (3 · lookup_groups(K)), zero beyond K */
} BackwardWeights;

/* Y (M, N) = X (M, K) · Wᵀ + bias (N). `x16` is X in units of its 8 bits, needed where the weights are signs; rows of both start x_row
 * numbers apart. */
static inline void forward_product(const ForwardWeights *w, int m, int n, int k, const float *x, const int16_t *x16, int x_row, float *y,
                                   int y_row, const float *bias) {
#ifdef DOT16
  if (w->signs) {
    gemm16(m, n, k, x16, x_row, w->signs, y, y_row, w->scale, bias);
    return;
  }
#endif
  (void)x16;
  gemm(m, n, k, x, x_row, w->packed, y, y_row, bias, 0);
}

/* DX (M, N) = [DX +] DY (M, K) · W. */
static inline void backward_product(const BackwardWeights *w, int m, int n, int k, const float *dy, int dy_row, float *dx, int dx_row,
                                    int accumulate) {
#if LOOKUPS
  if (w->offsets) {
    gemm_lookup(m, n, k, dy, dy_row, w->scale, w->offsets, dx, dx_row, accumulate);
    return;
  }
#endif
  gemm(m, n, k, dy, dy_row, w->packed, dx, dx_row, 0, accumulate);
}

#endif
