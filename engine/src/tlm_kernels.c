/* The inner loops: packed ternary rows times 8-bit activations. */
#include "tlm_internal.h"

/* ---- reference: one weight at a time ---- */

/*
 *  t2   bit 7 6 5 4 3 2 1 0          b3   byte = d0 + 3·d1 + 9·d2 + 27·d3 + 81·d4
 *           d3  d2  d1  d0                       a digit d is the weight d − 1
 */
TLM_INLINE uint32_t next_digit(uint32_t *byte, uint32_t group) {
  const uint32_t b = *byte;
  if (group == 4u) {
    *byte = b >> 2;
    return b & 3u;
  }
  *byte = (b * 171u) >> 9; /* b / 3, exact below 512 */
  return b - 3u * *byte;
}

TLM_INLINE int32_t dot_byte(uint32_t byte, const int8_t *x, uint32_t group) {
  int32_t sum = 0;
  uint32_t i;
  for (i = 0; i < group; i++) sum += ((int32_t)next_digit(&byte, group) - 1) * x[i];
  return sum;
}

TLM_INLINE void reference_rows(const tlm_span *s, const uint8_t *data, uint32_t n, int32_t *acc,
                               uint32_t group) {
  uint32_t j;
  for (; n; n--, data += s->row_bytes, acc++) {
    int32_t sum = *acc;
    for (j = 0; j < s->bytes; j++) sum += dot_byte(data[j], s->x + j * group, group);
    *acc = sum;
  }
}

static void reference_rows_t2(const tlm_span *s, const uint8_t *data, uint32_t n, int32_t *acc) {
  reference_rows(s, data, n, acc, 4u);
}
static void reference_rows_b3(const tlm_span *s, const uint8_t *data, uint32_t n, int32_t *acc) {
  reference_rows(s, data, n, acc, 5u);
}

/* ---- tables ---- */

/*
 * Keeps a value in a register as it is. GCC would otherwise move the constant part of an address
 * into the index (one more addition a byte on RISC-V), and keep dozens of sums of a table alive at once.
 */
#if defined(__GNUC__) && (defined(__riscv) || defined(__XTENSA__))
#define OPAQUE(v) __asm__("" : "+r"(v))
#define IN_ORDER(v) __asm__ volatile("" : "+r"(v) : : "memory")
#else
#define OPAQUE(v) ((void)(v))
#define IN_ORDER(v) ((void)(v))
#endif

/*
 * The tables of four neighbouring groups are interleaved, entry by entry, so that one pointer serves all four; what
 * is left of a row is a pair, then a single one:
 *
 *   groups 0 … 3:  [v·4 + lane], four strides long    4, 5:  [v·2 + lane], two    6:  [v], one
 *
 * Two lanes are one 32-bit word, and so are made by one addition: lo + 2^16 · hi. For that lo must not be negative:
 * it is BIAS too large, and hi is BIAS too small. Both are always looked up together, so the sum is right.
 */
#define BIAS 1024u /* > 5 · 127 */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LANE(j) ((j) ^ 1u)
#else
#define LANE(j) (j)
#endif
#if defined(__GNUC__)
typedef uint32_t __attribute__((__may_alias__)) word;
#else
typedef uint32_t word;
#endif

/* A step of entries in words; the single table is stored by halves. */
TLM_INLINE void put(word *t, uint32_t lanes, uint32_t index, uint32_t v) {
  if (lanes == 1u) ((int16_t *)(void *)t)[index] = (int16_t)v;
  else t[index * (lanes / 2u)] = v;
}

/*
 * Three entries from `index` on: v − x0, v, v + x0. Each entry is one addition away from an earlier one. IN_ORDER
 * keeps them so: scheduled freely, GCC computes all sums first and runs out of registers.
 */
#define THREE(index, v)                  \
  do {                                   \
    uint32_t less = (v) - x0, more = (v) + x0; \
    OPAQUE(less);                        \
    OPAQUE(more);                        \
    put(t, lanes, (index), less);        \
    put(t, lanes, (index) + 1u, (v));    \
    put(t, lanes, (index) + 2u, more);   \
    IN_ORDER(v);                         \
  } while (0)

/* Activations i of two groups in one word; of one group alone the upper half is of no interest. */
#define BOTH(i) ((uint32_t)(int32_t)x[i] + ((uint32_t)(int32_t)y[i] << 16))

/* Tables of the groups x and y, lanes / 2 words from entry to entry. */
TLM_INLINE void pair_t2(word *t, const int8_t *x, const int8_t *y, const uint32_t lanes) {
  const uint32_t x0 = BOTH(0), x1 = BOTH(1), x2 = BOTH(2), x3 = BOTH(3);
  uint32_t v = (lanes == 1u ? 0u : BIAS - (BIAS << 16)) - x3 - x2 - x1;
  int d3;
  /* index = d0 + 4·d1 + 16·d2 + 64·d3 */
  for (d3 = 0; d3 < 3; d3++, t += 32u * lanes) {
    const uint32_t next = v + x3;
    THREE(0u, v); v += x1;
    THREE(4u, v); v += x1;
    THREE(8u, v); v += x2;
    THREE(24u, v); v -= x1;
    THREE(20u, v); v -= x1;
    THREE(16u, v); v += x2;
    THREE(32u, v); v += x1;
    THREE(36u, v); v += x1;
    THREE(40u, v);
    v = next;
  }
}

TLM_INLINE void pair_b3(word *t, const int8_t *x, const int8_t *y, const uint32_t lanes) {
  const uint32_t x0 = BOTH(0), x1 = BOTH(1), x2 = BOTH(2), x3 = BOTH(3), x4 = BOTH(4);
  uint32_t v4 = (lanes == 1u ? 0u : BIAS - (BIAS << 16)) - x4 - x3 - x2 - x1;
  int16_t *entry = (int16_t *)(void *)t;
  int d4, d3;
  /* index = d0 + 3·d1 + 9·d2 + 27·d3 + 81·d4 */
  for (d4 = 0; d4 < 3; d4++, v4 += x4) {
    uint32_t v3 = v4;
    for (d3 = 0; d3 < 3; d3++, v3 += x3, entry += 27u * lanes) {
      uint32_t v = v3;
      t = (word *)(void *)entry;
      THREE(0u, v); v += x1;
      THREE(3u, v); v += x1;
      THREE(6u, v); v += x2;
      THREE(15u, v); v -= x1;
      THREE(12u, v); v -= x1;
      THREE(9u, v); v += x2;
      THREE(18u, v); v += x1;
      THREE(21u, v); v += x1;
      THREE(24u, v);
    }
  }
}

#define BUILD(type, group, stride)                                                 \
  static void build_##type(int16_t *table, const int8_t *x, uint32_t groups) {     \
    uint32_t pairs;                                                                \
    for (pairs = groups / 4u * 2u; pairs; pairs--, x += 2 * group) {               \
      pair_##type((word *)(void *)table, x, x + group, 4u);                        \
      table += pairs & 1u ? 4u * stride - 2u : 2u;                                 \
    }                                                                              \
    if (groups & 2u) {                                                             \
      pair_##type((word *)(void *)table, x, x + group, 2u);                        \
      x += 2 * group;                                                              \
      table += 2u * stride;                                                        \
    }                                                                              \
    if (groups & 1u) pair_##type((word *)(void *)table, x, x, 1u);                 \
  }
BUILD(t2, 4, TLM_T2_STRIDE)
BUILD(b3, 5, TLM_B3_STRIDE)

/*
 * A packed byte is the index into its group's table. 32 groups (as many bytes as a line of a flash cache), or 1 to
 * 16, are worked off at a time, through all rows, by code without an inner loop: one function for each count. A byte
 * costs a load, a shift, an add, a load and an add on RISC-V, whose loads reach ±2 KB, so that a table pointer
 * serves three quads; on Xtensa the shift comes with the add, but loads reach only 510 bytes: a pointer a quad.
 */
#if defined(__XTENSA__)
#define QUADS 1u
#else
#define QUADS 3u
#endif
/* Lanes of group j's table among n groups, and the group at whose place it begins. */
#define LANES(j) ((j) < (n & ~3u) ? 4u : (j) < (n & ~1u) ? 2u : 1u)
#define START(j) ((j) & ~(LANES(j) - 1u))
/* The quad to which pointer i points: in the middle of those it serves. */
#define HOME(i) (QUADS == 3u && (i) * 12u + 4u < n ? (i) * 3u + 1u : (i) * QUADS)
#define POINT(i) const int16_t *const t##i = table + ((i) * QUADS * 4u < n ? HOME(i) * 4u * stride : 0u)
#define POINTER(i)                                                                     \
  ((i) == 0u ? t0 : (i) == 1u ? t1 : (i) == 2u ? t2 : (i) == 3u ? t3 : (i) == 4u ? t4 \
   : (i) == 5u ? t5 : (i) == 6u ? t6 : t7)
#define LOOK(j)                                                                                              \
  if (n > (j)) {                                                                                             \
    const int16_t *q = POINTER((j) / 4u / QUADS) + p[j] * LANES(j);                                          \
    OPAQUE(q);                                                                                               \
    sum += q[((int)START(j) - (int)HOME((j) / 4u / QUADS) * 4) * (int)stride                                 \
             + (int)(LANES(j) == 1u ? 0u : LANE((j) & (LANES(j) - 1u)))];                                    \
  }
/* Xtensa has 16 registers: more than two look-ups at a time would send the pointers to the stack. */
#if defined(__XTENSA__)
#define LOOK4(j) LOOK(j) LOOK((j) + 1u) IN_ORDER(sum); LOOK((j) + 2u) LOOK((j) + 3u) IN_ORDER(sum);
#else
#define LOOK4(j) LOOK(j) LOOK((j) + 1u) LOOK((j) + 2u) LOOK((j) + 3u)
#endif

/* acc += the n groups that begin at packed byte `first`. |acc| ≤ 127 · 13 · 2048 < 2^22. */
TLM_INLINE void add_block(const tlm_span *s, uint32_t first, const uint8_t *p, uint32_t rows, int32_t *acc,
                          const uint32_t stride, const uint32_t n) {
  const uint32_t row_bytes = s->row_bytes;
  const int16_t *table = s->table + first * stride;
  POINT(0); POINT(1); POINT(2); POINT(3); POINT(4); POINT(5); POINT(6); POINT(7);
  int32_t *end = acc + rows;
  p += first;
  for (; acc != end; p += row_bytes) {
    int32_t sum = *acc;
    LOOK4(0u) LOOK4(4u) LOOK4(8u) LOOK4(12u) LOOK4(16u) LOOK4(20u) LOOK4(24u) LOOK4(28u)
    *acc++ = sum;
  }
}

typedef void (*block_function)(const tlm_span *s, uint32_t first, const uint8_t *p, uint32_t rows, int32_t *acc);
#define BLOCK(type, stride, n)                                                                           \
  static void type##_##n(const tlm_span *s, uint32_t first, const uint8_t *p, uint32_t rows, int32_t *acc) { \
    add_block(s, first, p, rows, acc, stride, n##u);                                                     \
  }
#define BLOCKS(type, stride)                                                                             \
  BLOCK(type, stride, 1) BLOCK(type, stride, 2) BLOCK(type, stride, 3) BLOCK(type, stride, 4)            \
  BLOCK(type, stride, 5) BLOCK(type, stride, 6) BLOCK(type, stride, 7) BLOCK(type, stride, 8)            \
  BLOCK(type, stride, 9) BLOCK(type, stride, 10) BLOCK(type, stride, 11) BLOCK(type, stride, 12)         \
  BLOCK(type, stride, 13) BLOCK(type, stride, 14) BLOCK(type, stride, 15) BLOCK(type, stride, 16)        \
  BLOCK(type, stride, 32)                                                                                \
  static const block_function type##_blocks[17] = {                                                      \
    type##_32, type##_1, type##_2, type##_3, type##_4, type##_5, type##_6, type##_7, type##_8,           \
    type##_9, type##_10, type##_11, type##_12, type##_13, type##_14, type##_15, type##_16 };             \
  static void table_rows_##type(const tlm_span *s, const uint8_t *data, uint32_t rows, int32_t *acc) { \
    uint32_t first, n;                                                                                   \
    for (first = 0; first < s->bytes; first += n) {                                                      \
      n = s->bytes - first;                                                                              \
      n = n >= 32u ? 32u : n > 16u ? 16u : n;                                                            \
      type##_blocks[n & 31u](s, first, data, rows, acc);                                                 \
    }                                                                                                    \
  }
BLOCKS(t2, TLM_T2_STRIDE)
BLOCKS(b3, TLM_B3_STRIDE)

/* ---- the kernels by id ---- */

static const struct tlm_kernel kernels[2] = {
  { 0, { { 4u, 0u, NULL, reference_rows_t2 }, { 5u, 0u, NULL, reference_rows_b3 } } },
  { 1, { { 4u, TLM_T2_STRIDE, build_t2, table_rows_t2 }, { 5u, TLM_B3_STRIDE, build_b3, table_rows_b3 } } },
};

const struct tlm_kernel *tlm_kernel_of(int id) {
  return id == TLM_KERNEL_REFERENCE || id == TLM_KERNEL_TABLE ? &kernels[id] : NULL;
}

void tlm_unpack_row(const tlm_model *m, const tlm_tensor *t, uint32_t row, const int8_t level[TLM_LEVELS_MAX],
                    int8_t *x) {
  const uint32_t group = t->type == TLM_TYPE_T2 ? 4u : 5u;
  uint32_t plane, i;
  for (plane = 0; plane < t->planes; plane++) {
    const uint8_t *p = tlm_plane(m, t, plane) + row * t->row_bytes;
    uint32_t at, left, n;
    for (at = 0, left = t->cols; left; left -= n) {
      uint32_t byte = *p++;
      n = left < group ? left : group;
      for (i = 0; i < n; i++, at++) {
        /* digits so far, as a number of base 3: 0 … 26 */
        const uint32_t v = (plane ? 3u * (uint32_t)x[at] : 0u) + next_digit(&byte, group);
        x[at] = plane + 1u < t->planes ? (int8_t)v : level[v];
      }
    }
  }
  for (i = 0; i < TLM_X_PADDING; i++) x[t->cols + i] = 0;
}
