/*
 * The products of weights as a step needs them: y = x·Wᵀ + b forward, dx = dy·W back and dW = dyᵀ·x, by the kernel that the build and
 * the kind of training allow. Weights are packed once a step.
 */
#ifndef TLM_TRAIN_PRODUCTS_H
#define TLM_TRAIN_PRODUCTS_H

#include "gemm16.h"
#include "lookup.h"

/* W (N, K) for y = x·Wᵀ + b: floats, or levels with a scale for each row (x's unit in it). */
typedef struct {
  float *packed;
  int16_t *levels;
  float *scale; /* (N) */
} ForwardWeights;

/* W (K, N) for dx = dy·W: floats, or, of weights of one digit, offsets into tables with a scale for each row. */
typedef struct {
  float *packed;
  uint16_t *offsets;
  float *scale; /* (3 · lookup_groups(K)), zero beyond K */
} BackwardWeights;

/*
 * Y (M, N) = X (M, K) · Wᵀ + bias (N). `x16` is X in units of its 8 bits, needed where the weights are levels; rows of both start
 * x_row numbers apart.
 */
void forward_product(const ForwardWeights *w, int m, int n, int k, const float *x, const int16_t *x16, int x_row,
                     float *y, int y_row, const float *bias);

#define PRODUCT_SLACK 16
/* DX (M, N) = [DX +] DY (M, K) · W. Up to PRODUCT_SLACK numbers behind a row of DY are read too, and must be finite. */
void backward_product(const BackwardWeights *w, int m, int n, int k, const float *dy, int dy_row, float *dx, int dx_row,
                      int accumulate);

/* DW (M, N) = [DW +] DYᵀ · X with DY (rows, M) and X (rows, N). */
void weight_gradient(int m, int n, int rows, const float *dy, int dy_row, const float *x, int x_row, float *dw,
                     int accumulate);

/* sums (n) += the columns of y (rows, n); n is a multiple of NR. */
void column_sums(int rows, int n, const float *y, int y_row, float *sums);

#endif
