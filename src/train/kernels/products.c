/* Compiled once: the tiles of each kernel are long. */
#include "products.h"

void forward_product(const ForwardWeights *w, int m, int n, int k, const float *x, const int16_t *x16, int x_row,
                     float *y, int y_row, const float *bias) {
#ifdef DOT16
  if (w->levels) {
    gemm16(m, n, k, x16, x_row, w->levels, y, y_row, w->scale, bias);
    return;
  }
#endif
  (void)x16;
  gemm(m, n, k, x, x_row, w->packed, y, y_row, bias, 0);
}

void backward_product(const BackwardWeights *w, int m, int n, int k, const float *dy, int dy_row, float *dx, int dx_row,
                      int accumulate) {
#if LOOKUPS
  if (w->offsets) {
    gemm_lookup(m, n, k, dy, dy_row, w->scale, w->offsets, dx, dx_row, accumulate);
    return;
  }
#endif
  gemm(m, n, k, dy, dy_row, w->packed, dx, dx_row, 0, accumulate);
}

void weight_gradient(int m, int n, int rows, const float *dy, int dy_row, const float *x, int x_row, float *dw,
                     int accumulate) {
  gemm_transposed(m, n, rows, dy, dy_row, x, x_row, dw, n, accumulate);
}

void column_sums(int rows, int n, const float *y, int y_row, float *sums) {
  for (int j = 0; j < n; j += NR) {
    vf sum[NV];
    UNROLL for (int v = 0; v < NV; v++) sum[v] = load(sums + j + v * VW);
    for (int i = 0; i < rows; i++)
      UNROLL for (int v = 0; v < NV; v++) sum[v] += load(y + (size_t)i * y_row + j + v * VW);
    UNROLL for (int v = 0; v < NV; v++) store(sums + j + v * VW, sum[v]);
  }
}
