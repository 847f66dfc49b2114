/*
 * Portable vectors: one source for WebAssembly SIMD (4 floats), AVX2 (8) and AVX-512 (16).
 * Written with the compiler's vector extension (GCC and clang); VW is the number of floats.
 */
#ifndef TLM_TRAIN_VEC_H
#define TLM_TRAIN_VEC_H

#include <stddef.h>
#include <stdint.h>

#ifndef VW
#define VW 4
#endif

typedef float vf __attribute__((vector_size(VW * 4)));
typedef int32_t vi __attribute__((vector_size(VW * 4)));
/* The same, loaded from any address that is aligned for a float. */
typedef float vfu __attribute__((vector_size(VW * 4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE vf load(const float *p) { return *(const vfu *)p; }
INLINE void store(float *p, vf v) { *(vfu *)p = v; }
INLINE vf splat(float x) { return x - (vf){0}; }

/* a·b + c; fused where the target has it (-ffp-contract=fast, or relaxed SIMD). */
INLINE vf fma_(vf a, vf b, vf c) {
#if defined(__wasm_relaxed_simd__) && VW == 4
  return __builtin_wasm_relaxed_madd_f32x4(a, b, c);
#else
  return a * b + c;
#endif
}

INLINE vf select_(vi mask, vf yes, vf no) { return (vf)((mask & (vi)yes) | (~mask & (vi)no)); }
INLINE vf max_(vf a, vf b) { return select_(a > b, a, b); }
INLINE vf min_(vf a, vf b) { return select_(a < b, a, b); }
INLINE vf abs_(vf a) { return (vf)((vi)a & 0x7fffffff); }

/* Round to the nearest integer, for |x| < 2^22: adding 1.5·2^23 leaves no bits for a fraction. */
INLINE vf round_(vf x) {
  const float magic = 12582912.0f;
  return (x + magic) - magic; /* not folded: the trainer is never built with -ffast-math */
}

INLINE vf floor_(vf x) {
  vf rounded = round_(x);
  return rounded - select_(rounded > x, splat(1.0f), splat(0.0f));
}

/*
 * e^x: 2^n · e^r with |r| ≤ ln2/2 and the Taylor polynomial of degree 6 (relative error < 3e-7, checked by a test).
 * Arguments are clamped to [−87, 88].
 */
INLINE vf exp_(vf x) {
  x = max_(min_(x, splat(88.0f)), splat(-87.0f));
  vf n = round_(x * 1.44269504f);
  vf r = x - n * 0.693359375f + n * 2.12194440e-4f; /* ln2 in two parts (Cody and Waite) */
  vf p = fma_(r, splat(1.0f / 720), splat(1.0f / 120));
  p = fma_(p, r, splat(1.0f / 24));
  p = fma_(p, r, splat(1.0f / 6));
  p = fma_(p, r, splat(0.5f));
  p = fma_(p, r, splat(1.0f));
  p = fma_(p, r, splat(1.0f));
  vi exponent = (__builtin_convertvector(n, vi) + 127) << 23;
  return p * (vf)exponent;
}

INLINE vf sigmoid_(vf x) { return 1.0f / (1.0f + exp_(-x)); }
INLINE vf tanh_(vf x) { return 2.0f * sigmoid_(2.0f * x) - 1.0f; }

/* The lanes in a fixed order, so that a sum does not depend on anything but VW. */
INLINE float hsum(vf v) {
  float sum = 0;
  for (int i = 0; i < VW; i++) sum += v[i];
  return sum;
}
INLINE float hmax(vf v) {
  float best = v[0];
  for (int i = 1; i < VW; i++) best = v[i] > best ? v[i] : best;
  return best;
}

/* Natural logarithm of x > 0 in double: exponent from the bits, atanh series for the mantissa (|t| ≤ 0.172). */
INLINE double log_(double x) {
  union { double d; uint64_t u; } bits = {x};
  int exponent = (int)((bits.u >> 52) & 0x7ff) - 1023;
  bits.u = (bits.u & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
  double m = bits.d;
  if (m > 1.4142135623730951) { m *= 0.5; exponent++; }
  double t = (m - 1) / (m + 1), t2 = t * t, term = t, sum = 0;
  for (int k = 1; k < 24; k += 2) { sum += term / k; term *= t2; }
  return exponent * 0.6931471805599453 + 2 * sum;
}

#endif
