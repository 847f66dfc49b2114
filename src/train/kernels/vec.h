/*
 * Portable vectors: one source for WebAssembly SIMD (4 floats), AVX2 (8) and AVX-512 (16).
 * Written with the compiler's vector extension (GCC and clang); VW is the number of floats.
 */
#ifndef TLM_TRAIN_VEC_H
#define TLM_TRAIN_VEC_H

#include <stddef.h>
#include <stdint.h>

#ifndef VW /* floats a vector */
#if defined(__AVX512F__)
#define VW 16
#elif defined(__AVX__)
#define VW 8
#else
#define VW 4
#endif
#endif

/* What the vector extension has no operator for; without these the compiler's own code for the portable forms is used. */
#if defined(__AVX__)
#include <immintrin.h>
#endif

typedef float vf __attribute__((vector_size(VW * 4)));
typedef int32_t vi __attribute__((vector_size(VW * 4)));
/* The same, loaded from any address that is aligned for a float. */
typedef float vfu __attribute__((vector_size(VW * 4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE vf load(const float *p) { return *(const vfu *)p; }
INLINE void store(float *p, vf v) { *(vfu *)p = v; }
/* Whole numbers of 16 bits. */
typedef int16_t v16 __attribute__((vector_size(VW * 2), aligned(2), may_alias));
INLINE void store_16(int16_t *p, vf v) { *(v16 *)p = __builtin_convertvector(__builtin_convertvector(v, vi), v16); }
INLINE vf splat(float x) { return x - (vf){0}; }

/* a·b + c; fused where the target has it (GCC and Clang with -ffp-contract=fast, or relaxed SIMD). */
INLINE vf fma_(vf a, vf b, vf c) {
#if defined(__wasm_relaxed_simd__)
  return (vf)__builtin_wasm_relaxed_madd_f32x4(a, b, c);
#else
  return a * b + c;
#endif
}

INLINE vf select_(vi mask, vf yes, vf no) { return (vf)((mask & (vi)yes) | (~mask & (vi)no)); }
INLINE vf abs_(vf a) { return (vf)((vi)a & 0x7fffffff); }

/* a > b ? a : b and a < b ? a : b; b when one of them is not a number. */
INLINE vf max_(vf a, vf b) {
#if defined(__wasm__)
  return (vf)__builtin_wasm_pmax_f32x4(b, a);
#elif defined(__AVX512F__) && VW == 16
  return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX__) && VW == 8
  return (vf)_mm256_max_ps((__m256)a, (__m256)b);
#else
  return select_(a > b, a, b);
#endif
}
INLINE vf min_(vf a, vf b) {
#if defined(__wasm__)
  return (vf)__builtin_wasm_pmin_f32x4(b, a);
#elif defined(__AVX512F__) && VW == 16
  return (vf)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(__AVX__) && VW == 8
  return (vf)_mm256_min_ps((__m256)a, (__m256)b);
#else
  return select_(a < b, a, b);
#endif
}

INLINE vf sqrt_(vf x) {
#if defined(__wasm__)
  return (vf)__builtin_wasm_sqrt_f32x4(x);
#elif defined(__AVX512F__) && VW == 16
  return (vf)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX__) && VW == 8
  return (vf)_mm256_sqrt_ps((__m256)x);
#else
  vf out = x;
  for (int i = 0; i < VW; i++) out[i] = __builtin_sqrtf(x[i]);
  return out;
#endif
}

/* 1.5 · 2^23: added to |x| < 2^22 it leaves no bits for a fraction, and the nearest integer in the low bits. */
#define ROUNDER 12582912.0f

INLINE vf floor_(vf x) {
#if defined(__wasm__)
  return (vf)__builtin_wasm_floor_f32x4(x);
#elif defined(__AVX512F__) && VW == 16
  return (vf)_mm512_floor_ps((__m512)x);
#elif defined(__AVX__) && VW == 8
  return (vf)_mm256_floor_ps((__m256)x);
#else /* |x| < 2^22; not folded, because the trainer is never built with -ffast-math */
  vf rounded = (x + ROUNDER) - ROUNDER;
  return rounded - select_(rounded > x, splat(1.0f), splat(0.0f));
#endif
}

/*
 * e^x: 2^n · e^r with |r| ≤ ln2/2 and a polynomial of degree 5 for e^r, minimax by Remez' algorithm (relative error 7.5e-8; with
 * float rounding < 3e-7, which a test checks). Arguments are clamped to [−87, 88].
 */
INLINE vf exp_(vf x) {
  x = max_(min_(x, splat(88.0f)), splat(-87.0f));
  vf shifted = fma_(x, splat(1.44269504f), splat(ROUNDER)), n = shifted - ROUNDER;
  vf r = fma_(n, splat(-0.693359375f), x); /* ln2 in two parts (Cody and Waite) */
  r = fma_(n, splat(2.12194440e-4f), r);
  vf p = fma_(r, splat(0.00829764796f), splat(0.0419154314f));
  p = fma_(p, r, splat(0.166675751f));
  p = fma_(p, r, splat(0.499988944f));
  p = fma_(p, r, splat(0.999999692f));
  p = fma_(p, r, splat(1.00000007f));
  return (vf)((vi)p + ((vi)shifted << 23)); /* the low bits of `shifted` are n */
}

INLINE vf sigmoid_(vf x) { return 1.0f / (1.0f + exp_(-x)); }
INLINE vf tanh_(vf x) { return 2.0f * sigmoid_(2.0f * x) - 1.0f; }

/* Sum and maximum of the lanes, in halves, so that a sum does not depend on anything but VW. */
INLINE float hsum(vf v) {
  float lane[VW];
  store(lane, v);
  for (int half = VW / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lane[i] += lane[i + half];
  return lane[0];
}
INLINE float hmax(vf v) {
  float lane[VW];
  store(lane, v);
  for (int half = VW / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lane[i] = lane[i] > lane[i + half] ? lane[i] : lane[i + half];
  return lane[0];
}

/* Natural logarithm of x > 0 in double: exponent from the bits, atanh series for the mantissa (|t| ≤ 0.172). */
INLINE double log_(double x) {
  union {
    double d;
    uint64_t u;
  } bits = {x};
  int exponent = (int)((bits.u >> 52) & 0x7ff) - 1023;
  bits.u = (bits.u & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
  double m = bits.d;
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent++;
  }
  double t = (m - 1) / (m + 1), t2 = t * t, term = t, sum = 0;
  for (int k = 1; k < 24; k += 2) {
    sum += term / k;
    term *= t2;
  }
  return exponent * 0.6931471805599453 + 2 * sum;
}

#endif
