/*
 * Products with ternary weights, by looking sums up:
 *
 *   C (M, N) = [C +] (A (M, K) · scale (K)) · B (K, N),  A in floats, B in −1, 0, 1
 *
 * Three numbers of a row of A have 27 sums with weights −1, 0, 1. They are made once and serve all N columns: one load and one
 * addition take the place of three multiplications and three additions. VW rows go at once, a lane each; the engine's kernel
 * (engine/src) does the same for one row of 8-bit numbers.
 *
 * It pays where an addition does not come free with a multiplication, which is WebAssembly: with fused multiply-adds the plain kernel
 * is as fast. So LOOKUPS is for vectors of four floats only.
 *
 * B is packed as offsets into the tables: [chunk][column][group], a chunk being GROUPS groups of three rows of B; the last one is filled
 * up with zeros.
 */
#ifndef TLM_TRAIN_LOOKUP_H
#define TLM_TRAIN_LOOKUP_H

#include "gemm.h"

#if !defined(LOOKUPS) && defined(__wasm__)
#define LOOKUPS 1
#endif

#define SUMS 27        /* of three numbers */
#define GROUPS 8       /* whose tables are there at once: 3.4 KB; 24 are slower, 32 by a seventh */
#define LOOKUP_LANES 3 /* with fewer rows at once the plain kernel is as fast */
#define STRIP 512      /* columns whose sums are kept at once */

/* Groups of K numbers, and what their packed offsets take. */
INLINE int lookup_groups(int k) { return ROUND_UP((k + 2) / 3, GROUPS); }
INLINE int packed_offsets(int k, int n) { return lookup_groups(k) * n; }

#if LOOKUPS

#if VW != 4
#error "lookup.h transposes four by four"
#endif

/* The 27 sums of x, y and z (a lane a row), z's weight changing fastest. */
INLINE void make_sums(vf x, vf y, vf z, float *sums) {
  UNROLL for (int i = 0; i < 3; i++) {
    const vf first = i == 0 ? -x : i == 1 ? splat(0.0f) : x;
    UNROLL for (int j = 0; j < 3; j++) {
      const vf both = j == 0 ? first - y : j == 1 ? first : first + y;
      store(sums, both - z);
      store(sums + VW, both);
      store(sums + 2 * VW, both + z);
      sums += 3 * VW;
    }
  }
}

/* A chunk: its tables from four rows of A, then the sums of n columns into `columns` (n, VW), or, after the first, to them. */
INLINE void look_up(int n, const float *const row[VW], const float *scale, const uint16_t *offset, float *sums,
                    float *columns, int first) {
  for (int g = 0; g < GROUPS; g++) {
    vf x[3];
    UNROLL for (int i = 0; i < 3; i++) {
      const int k = g * 3 + i;
      x[i] = (vf){row[0][k], row[1][k], row[2][k], row[3][k]} * scale[k];
    }
    make_sums(x[0], x[1], x[2], sums + g * SUMS * VW);
  }
  for (int j = 0; j < n; j++, offset += GROUPS, columns += VW) {
    vf sum = first ? splat(0.0f) : load(columns);
    UNROLL for (int g = 0; g < GROUPS; g++) sum +=
        load((const float *)((const char *)sums + offset[g]) + g * SUMS * VW);
    store(columns, sum);
  }
}

/* Four rows of C, given as columns (N, 4): `left` of them, 1 … 4, are stored. */
INLINE void store_columns(int n, const float *columns, int left, float *c, int c_row, int accumulate) {
  for (int j = 0; j < n; j += VW, columns += VW * VW) {
    const vf c0 = load(columns), c1 = load(columns + VW), c2 = load(columns + 2 * VW), c3 = load(columns + 3 * VW);
    const vf low01 = __builtin_shufflevector(c0, c1, 0, 4, 1, 5), high01 = __builtin_shufflevector(c0, c1, 2, 6, 3, 7);
    const vf low23 = __builtin_shufflevector(c2, c3, 0, 4, 1, 5), high23 = __builtin_shufflevector(c2, c3, 2, 6, 3, 7);
    const vf out[VW] = {
      __builtin_shufflevector(low01, low23, 0, 1, 4, 5),
      __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
      __builtin_shufflevector(high01, high23, 0, 1, 4, 5),
      __builtin_shufflevector(high01, high23, 2, 3, 6, 7),
    };
    UNROLL for (int r = 0; r < VW; r++) if (r < left) {
      float *to = c + (size_t)r * c_row + j;
      store(to, accumulate ? load(to) + out[r] : out[r]);
    }
  }
}

/*
 * All rows, four at a time; where fewer are left the last one is taken several times and stored once. Of A, 3 · lookup_groups(K)
 * numbers are read in each row; those beyond K must be finite, and their scale is zero.
 */
static inline void gemm_lookup(int m, int n, int k, const float *a, int a_row, const float *scale,
                               const uint16_t *offsets, float *c, int c_row, int accumulate) {
  float sums[GROUPS * SUMS * VW], columns[STRIP * VW];
  const int groups = lookup_groups(k);
  for (int i = 0; i < m; i += VW) {
    const int left = m - i < VW ? m - i : VW;
    for (int j = 0; j < n; j += STRIP) {
      const int width = n - j < STRIP ? n - j : STRIP;
      const float *row[VW], *factor = scale;
      for (int r = 0; r < VW; r++) row[r] = a + (size_t)(i + (r < left ? r : left - 1)) * a_row;
      const uint16_t *offset = offsets + j * GROUPS;
      for (int g = 0; g < groups; g += GROUPS, factor += 3 * GROUPS, offset += GROUPS * n) {
        look_up(width, row, factor, offset, sums, columns, g == 0);
        for (int r = 0; r < VW; r++) row[r] += 3 * GROUPS;
      }
      store_columns(width, columns, left, c + (size_t)i * c_row + j, c_row, accumulate);
    }
  }
}

/* Packs the signs of B (K, N), stored row by row; row k comes from row (k + from) mod K. */
static inline void pack_offsets(int k_count, int n_count, const float *b, int from, uint16_t *out) {
  const int groups = lookup_groups(k_count);
  for (int first = 0; first < groups; first += GROUPS, out += GROUPS * n_count)
    for (int g = 0; g < GROUPS; g++) {
      const float *row[3];
      for (int i = 0; i < 3; i++) {
        const int k = (first + g) * 3 + i;
        row[i] = k < k_count ? b + (size_t)((k + from) % k_count) * n_count : 0;
      }
      for (int n = 0; n < n_count; n++) {
        int number = 0;
        for (int i = 0; i < 3; i++) {
          const float w = row[i] ? row[i][n] : 0;
          number = number * 3 + 1 + (w > 0) - (w < 0);
        }
        out[n * GROUPS + g] = (uint16_t)(number * VW * (int)sizeof(float));
      }
    }
}

#endif
#endif
