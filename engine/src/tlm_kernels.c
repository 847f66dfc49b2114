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

/* Three entries at t: v − x0, v, v + x0. Each entry is one addition away from an earlier one. */
#define THREE(t, v)              \
  do {                           \
    (t)[0] = (int16_t)((v) - x0); \
    (t)[1] = (int16_t)(v);       \
    (t)[2] = (int16_t)((v) + x0); \
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
 * A row at a time: a packed byte is the index into its group's table. Eight groups share one table
 * pointer; it points at the fifth of them, so that all eight are within the ±2 KB that RISC-V loads
 * reach. Then a byte costs a load, a shift, an add, a load and an add. (bytes · 635 ≤ 2^19: no overflow.)
 */
#define LOOK(j) sum += (t + p[j])[((int)(j) - 4) * stride]

TLM_INLINE void table_rows(const tlm_span *s, uint32_t from, uint32_t to, const int stride) {
  const uint32_t bytes = s->bytes, skip = s->row_bytes - s->bytes;
  const uint8_t *p = s->data + from * s->row_bytes;
  const int16_t *base = s->table + 4 * stride;
  int32_t *acc = s->acc + from, *end = s->acc + to;
  for (; acc != end; acc++, p += skip) {
    const int16_t *t = base;
    const uint8_t *eights = p + (bytes & ~7u);
    int32_t sum = s->add ? *acc : 0;
    for (; p != eights; p += 8, t += 8 * stride) {
      LOOK(0); LOOK(1); LOOK(2); LOOK(3); LOOK(4); LOOK(5); LOOK(6); LOOK(7);
    }
    if (bytes & 4u) {
      LOOK(0); LOOK(1); LOOK(2); LOOK(3);
      p += 4; t += 4 * stride;
    }
    if (bytes & 2u) {
      LOOK(0); LOOK(1);
      p += 2; t += 2 * stride;
    }
    if (bytes & 1u) {
      LOOK(0);
      p += 1;
    }
    *acc = sum;
  }
}

static void table_rows_t2(const tlm_span *s, uint32_t from, uint32_t to) { table_rows(s, from, to, TLM_T2_STRIDE); }
static void table_rows_b3(const tlm_span *s, uint32_t from, uint32_t to) { table_rows(s, from, to, TLM_B3_STRIDE); }

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
