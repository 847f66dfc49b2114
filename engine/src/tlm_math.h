/* Arithmetic of the layers (SPEC.md 3.3). */
#ifndef TLM_MATH_H
#define TLM_MATH_H

#include "tlm_internal.h"
#include "tlm_tables.h"

TLM_INLINE int32_t magnitude(int32_t x) {
#ifdef __riscv /* written out, so that GCC does not narrow an i16's again; other machines have an instruction for it */
  const int32_t sign = x >> 31;
  return (x ^ sign) - sign;
#else
  return x < 0 ? -x : x;
#endif
}

/* Q11 → Q15, 0 … 32768 */
TLM_INLINE int32_t sigmoid(int32_t x) {
  const int32_t a = magnitude(x), i = a >> TLM_SIGMOID_SHIFT;
  int32_t s = TLM_SIGMOID_ONE;
  if (i < TLM_SIGMOID_LAST) {
    const uint16_t *entry = tlm_sigmoid_table + i;
    s = entry[0];
    s += ((entry[1] - s) * (a & TLM_SIGMOID_MASK) + 64) >> TLM_SIGMOID_SHIFT;
  }
  return x < 0 ? TLM_SIGMOID_ONE - s : s;
}

/* Q11 → Q15, −32767 … 32767 */
TLM_INLINE int32_t tanh_q15(int32_t x) {
  const int32_t v = 2 * sigmoid(2 * x) - TLM_SIGMOID_ONE;
  return v > TLM_SIGMOID_TANH_MAX ? TLM_SIGMOID_TANH_MAX : v < -TLM_SIGMOID_TANH_MAX ? -TLM_SIGMOID_TANH_MAX : v;
}

TLM_INLINE int32_t sat16(int32_t v) { return v > 32767 ? 32767 : v < -32768 ? -32768 : v; }

/* Q15 → Q7: −32767 … 32767 → −128 … 128, then clamped to ±127 */
TLM_INLINE int8_t q8(int32_t h) {
  const int32_t v = (h + 128) >> 8;
  return (int8_t)(v > 127 ? 127 : v < -127 ? -127 : v);
}

#endif
