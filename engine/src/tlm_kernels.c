/* The inner loops: packed ternary rows times 8-bit activations. */
#include "tlm_internal.h"

/* ---- reference: one weight at a time ---- */

/*
 *  t2   bit 7 6 5 4 3 2 1 0          b3   byte = d0 + 3·d1 + 9·d2 + 27·d3 + 81·d4
 *           d3  d2  d1  d0                       a digit d is the weight d − 1
 */
TLM_INLINE int32_t dot_byte(uint32_t byte, const int8_t *x, uint32_t group) {
  int32_t sum = 0;
  uint32_t i;
  for (i = 0; i < group; i++) {
    uint32_t digit = group == 4u ? byte & 3u : byte % 3u;
    byte = group == 4u ? byte >> 2 : byte / 3u;
    sum += ((int32_t)digit - 1) * x[i];
  }
  return sum;
}

TLM_INLINE void reference_rows(const tlm_span *s, uint32_t from, uint32_t to, uint32_t group) {
  uint32_t r, j;
  for (r = from; r < to; r++) {
    const uint8_t *p = s->data + r * s->row_bytes;
    int32_t sum = s->add ? s->acc[r] : 0;
    for (j = 0; j < s->bytes; j++) sum += dot_byte(p[j], s->x + j * group, group);
    s->acc[r] = sum;
  }
}

static void reference_rows_t2(const tlm_span *s, uint32_t from, uint32_t to) { reference_rows(s, from, to, 4u); }
static void reference_rows_b3(const tlm_span *s, uint32_t from, uint32_t to) { reference_rows(s, from, to, 5u); }

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
 * Three entries at t: v − x0, v, v + x0. Each entry is one addition away from an earlier one. IN_ORDER
 * keeps them so: scheduled freely, GCC computes all sums first and runs out of registers.
 */
#define THREE(t, v)                           \
  do {                                        \
    int32_t less = (v) - x0, more = (v) + x0; \
    OPAQUE(less);                             \
    OPAQUE(more);                             \
    (t)[0] = (int16_t)less;                   \
    (t)[1] = (int16_t)(v);                    \
    (t)[2] = (int16_t)more;                   \
    IN_ORDER(v);                              \
  } while (0)

static void build_t2(int16_t *table, const int8_t *x, uint32_t groups) {
  for (; groups; groups--, x += 4, table += TLM_T2_STRIDE) {
    const int32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
    int32_t v = -x3 - x2 - x1;
    int16_t *t = table;
    int d3;
    /* index = d0 + 4·d1 + 16·d2 + 64·d3 */
    for (d3 = 0; d3 < 3; d3++, t += 64) {
      const int32_t next = v + x3;
      THREE(t, v); v += x1;
      THREE(t + 4, v); v += x1;
      THREE(t + 8, v); v += x2;
      THREE(t + 24, v); v -= x1;
      THREE(t + 20, v); v -= x1;
      THREE(t + 16, v); v += x2;
      THREE(t + 32, v); v += x1;
      THREE(t + 36, v); v += x1;
      THREE(t + 40, v);
      v = next;
    }
  }
}

static void build_b3(int16_t *t, const int8_t *x, uint32_t groups) {
  for (; groups; groups--, x += 5) {
    const int32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3], x4 = x[4];
    int32_t v4 = -x4 - x3 - x2 - x1;
    int d4, d3;
    /* index = d0 + 3·d1 + 9·d2 + 27·d3 + 81·d4 */
    for (d4 = 0; d4 < 3; d4++, v4 += x4) {
      int32_t v3 = v4;
      for (d3 = 0; d3 < 3; d3++, v3 += x3, t += 27) {
        int32_t v = v3;
        THREE(t, v); v += x1;
        THREE(t + 3, v); v += x1;
        THREE(t + 6, v); v += x2;
        THREE(t + 15, v); v -= x1;
        THREE(t + 12, v); v -= x1;
        THREE(t + 9, v); v += x2;
        THREE(t + 18, v); v += x1;
        THREE(t + 21, v); v += x1;
        THREE(t + 24, v);
      }
    }
  }
}

/*
 * A packed byte is the index into its group's table. Up to 16 groups (one to four dozen columns) are
 * worked off at a time, through all rows, by code without an inner loop: one function for each count.
 * A byte costs a load, a shift, an add, a load and an add on RISC-V, whose loads reach ±2 KB, so that a
 * table pointer serves eight groups; on Xtensa the shift comes with the add, but loads reach only 510
 * bytes, so the pointer moves on after two groups.
 */
#if defined(__XTENSA__)
#define LOOK(j)                                       \
  if (n > (j)) {                                      \
    const int16_t *q = t + p[j];                      \
    OPAQUE(q);                                        \
    sum += q[((j) & 1u) * stride];                    \
    if (((j) & 1u) && n > (j) + 1u) {                 \
      t += 2u * stride;                               \
      IN_ORDER(t); /* or it is kept in eight registers */ \
    }                                                 \
  }
#else
#define LOOK(j)                                           \
  if (n > (j)) {                                          \
    const int16_t *q = ((j) < 8u ? t : t8) + p[j];        \
    OPAQUE(q);                                            \
    sum += q[((int)(j) - ((j) < 8u ? mid : mid8)) * (int)stride]; \
  }
#endif

/* acc (+)= the n groups that begin at packed byte `first`. |acc| ≤ 127 · 2048 < 2^18. */
TLM_INLINE void add_block(const tlm_span *s, uint32_t first, uint32_t from, uint32_t to, const uint32_t stride,
                          const uint32_t n) {
  const uint32_t row_bytes = s->row_bytes;
  const uint8_t *p = s->data + from * row_bytes + first;
  const int16_t *table = s->table + first * stride;
#if !defined(__XTENSA__)
  /* In the middle of the groups that they serve. */
  const int mid = n > 4u ? 4 : 0, mid8 = n > 12u ? 12 : n > 8u ? 8 : 0;
  const int16_t *t = table + mid * (int)stride, *t8 = table + mid8 * (int)stride;
#endif
  int32_t *acc = s->acc + from, *end = s->acc + to;
  int add = s->add || first;
  for (; acc != end; p += row_bytes) {
#if defined(__XTENSA__)
    const int16_t *t = table;
#endif
    int32_t sum = 0;
    OPAQUE(add); /* one loop, not two copies of it */
    if (add) sum = *acc;
    LOOK(0u) LOOK(1u) LOOK(2u) LOOK(3u) LOOK(4u) LOOK(5u) LOOK(6u) LOOK(7u)
    LOOK(8u) LOOK(9u) LOOK(10u) LOOK(11u) LOOK(12u) LOOK(13u) LOOK(14u) LOOK(15u)
    *acc++ = sum;
  }
}

#define BLOCK_MAX 16u
typedef void (*block_function)(const tlm_span *s, uint32_t first, uint32_t from, uint32_t to);
#define BLOCK(type, stride, n)                                                                      \
  static void type##_##n(const tlm_span *s, uint32_t first, uint32_t from, uint32_t to) {           \
    add_block(s, first, from, to, stride, n##u);                                                    \
  }
#define BLOCKS(type, stride)                                                                        \
  BLOCK(type, stride, 1) BLOCK(type, stride, 2) BLOCK(type, stride, 3) BLOCK(type, stride, 4)       \
  BLOCK(type, stride, 5) BLOCK(type, stride, 6) BLOCK(type, stride, 7) BLOCK(type, stride, 8)       \
  BLOCK(type, stride, 9) BLOCK(type, stride, 10) BLOCK(type, stride, 11) BLOCK(type, stride, 12)    \
  BLOCK(type, stride, 13) BLOCK(type, stride, 14) BLOCK(type, stride, 15) BLOCK(type, stride, 16)   \
  static const block_function type##_blocks[BLOCK_MAX + 1u] = {                                     \
    NULL, type##_1, type##_2, type##_3, type##_4, type##_5, type##_6, type##_7, type##_8, type##_9, \
    type##_10, type##_11, type##_12, type##_13, type##_14, type##_15, type##_16 };                  \
  static void table_rows_##type(const tlm_span *s, uint32_t from, uint32_t to) {                    \
    uint32_t first, n;                                                                              \
    for (first = 0; first < s->bytes; first += n) {                                                 \
      n = s->bytes - first < BLOCK_MAX ? s->bytes - first : BLOCK_MAX;                              \
      type##_blocks[n](s, first, from, to);                                                         \
    }                                                                                               \
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

void tlm_unpack_row(const tlm_tensor *tensor, uint32_t row, int32_t e, int8_t *x) {
  const uint8_t *p = tensor->data + row * tensor->row_bytes;
  const uint32_t group = tensor->type == TLM_TYPE_T2 ? 4u : 5u;
  uint32_t left = tensor->cols, i;
  while (left) {
    const uint32_t n = left < group ? left : group;
    uint32_t byte = *p++;
    left -= n;
    for (i = 0; i < n; i++) {
      uint32_t digit;
      if (group == 4u) {
        digit = byte & 3u;
        byte >>= 2;
      } else {
        const uint32_t third = (byte * 171u) >> 9; /* byte / 3, exact below 512 */
        digit = byte - 3u * third;
        byte = third;
      }
      *x++ = (int8_t)(((int32_t)digit - 1) * e);
    }
  }
  for (i = 0; i < TLM_X_PADDING; i++) *x++ = 0;
}
