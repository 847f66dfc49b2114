#include "norm.h"

void lay_out_normed(const Trainer *t, Normed *normed, int rows, int width, Arena *arena) {
  normed->width = width;
  normed->padded = PADDED(width);
  normed->ld = SKEWED(normed->padded);
  normed->y = take_floats(arena, (uint64_t)rows * normed->ld);
  normed->y16 = take_16(arena, t->integers ? (uint64_t)rows * normed->ld : 0);
  normed->inverse = take_floats(arena, (uint64_t)rows);
}

Rows norm_forward(const Block *b, const float *gain, const float *x, int x_ld, const Normed *to, size_t row) {
  const int np = to->padded, ld = to->ld, rows = rows_of_block(b), form = activation_form(b->t);
  float *y = to->y + row * ld, *inverse = to->inverse + row;
  int16_t *y16 = form == INTEGERS ? to->y16 + row * ld : 0;
  for (int i = 0; i < rows; i++, x += x_ld) {
    vf squares = splat(0.0f);
    for (int j = 0; j < np; j += VW) squares = fma_(load(x + j), load(x + j), squares);
    inverse[i] = 1.0f / __builtin_sqrtf(hsum(squares) / (float)to->width + 1e-12f);
    for (int j = 0; j < np; j += VW) {
      vf v = load(x + j) * inverse[i];
      if (gain) v *= load(gain + j);
      const size_t at = (size_t)i * ld + j;
      if (form == INTEGERS) store_activation(v, y + at, y16 + at, NORM_ONE, INTEGERS);
      else if (form == IN_8_BITS) store_activation(v, y + at, 0, NORM_ONE, IN_8_BITS);
      else store(y + at, v);
    }
  }
  mark(IN_CELL);
  return (Rows){y, y16, ld, 0, 0};
}

void norm_backward(const Block *b, const float *gain, float *dgain, const float *x, int x_ld, const Normed *of,
                   size_t row, const float *dy, int dy_ld, float *dx, int dx_ld, int accumulate) {
  const int np = of->padded, rows = rows_of_block(b);
  const float *inverse = of->inverse + row;
  for (int i = 0; i < rows; i++, x += x_ld, dy += dy_ld, dx += dx_ld) {
    vf along = splat(0.0f);
    for (int j = 0; j < np; j += VW) {
      const vf normal = load(x + j) * inverse[i], d = load(dy + j);
      if (gain) store(dgain + j, fma_(d, normal, load(dgain + j)));
      along = fma_(gain ? d * load(gain + j) : d, normal, along);
    }
    const float mean = hsum(along) / (float)of->width;
    for (int j = 0; j < np; j += VW) {
      const vf normal = load(x + j) * inverse[i], d = gain ? load(dy + j) * load(gain + j) : load(dy + j);
      const vf change = (d - normal * mean) * inverse[i];
      store(dx + j, accumulate ? load(dx + j) + change : change);
    }
  }
  mark(IN_CELL);
}
