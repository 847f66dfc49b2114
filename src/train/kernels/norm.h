/*
 * Root mean square normalisation of a residual stream (SPEC.md 3): y = gain · x / sqrt(mean x² + 1e-12), in 8 bits in units of 1/32.
 */
#ifndef TLM_TRAIN_NORM_H
#define TLM_TRAIN_NORM_H

#include "trainer.h"

void lay_out_normed(const Trainer *t, Normed *normed, int rows, int width, Arena *arena);

/* From x (rows of the block, width) to rows from `row` on of `to`, which are given back. `gain` (width) may be null. */
Rows norm_forward(const Block *b, const float *gain, const float *x, int x_ld, const Normed *to, size_t row);

/* DX [+]= what follows for x from DY, and dgain += for the gain; DX may be DY. */
void norm_backward(const Block *b, const float *gain, float *dgain, const float *x, int x_ld, const Normed *of,
                   size_t row, const float *dy, int dy_ld, float *dx, int dx_ld, int accumulate);

#endif
