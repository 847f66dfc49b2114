/* The state as bytes (SPEC.md 1.5). */
#include "tlm_internal.h"

TLM_SMALL_CODE

static void put16(uint8_t *p, uint32_t v) {
  p[0] = (uint8_t)v;
  p[1] = (uint8_t)(v >> 8);
}
static void put32(uint8_t *p, uint32_t v) {
  put16(p, v & 0xFFFFu);
  put16(p + 2, v >> 16);
}

/* Numbers of the state: those of the layers, then the stream, where the head reads it. */
static uint32_t state_values(const tlm_model *m) { return m->states + (m->head_stream ? m->hidden : 0u); }

static int16_t *state_at(const tlm_engine *e, uint32_t i) {
  return i < e->model->states ? e->h + i : e->stream + (i - e->model->states);
}

/* The last tokens, which n-gram tables look back on; the oldest first. */
static uint32_t context_tokens(const tlm_model *m) { return m->ngrams ? TLM_SNAPSHOT_CONTEXT_TOKENS + 0u : 0u; }

/* The tokens of the cache, and how many there are. */
static uint32_t cache_bytes(const tlm_model *m) { return m->cache ? 2u + 2u * m->cache : 0u; }

uint32_t tlm_snapshot_bytes(const tlm_model *m) {
  return TLM_SNAPSHOT_H_OFFSET + 2u * state_values(m) + 4u * TLM_SNAPSHOT_GENERATOR_WORDS + 2u +
         2u * TLM_SNAPSHOT_RECENT_SLOTS + 2u * context_tokens(m) + cache_bytes(m) + TLM_FILE_CRC_BYTES;
}

int32_t tlm_save(const tlm_engine *e, const tlm_sampler *s, void *out, uint32_t cap) {
  const uint32_t bytes = tlm_snapshot_bytes(e->model), values = state_values(e->model);
  uint8_t *p = (uint8_t *)out;
  uint32_t i;
  if (!out || cap < bytes) return TLM_E_SPACE;
  put32(p, TLM_SNAPSHOT_MAGIC);
  put16(p + TLM_SNAPSHOT_VERSION_OFFSET, TLM_SNAPSHOT_VERSION);
  put16(p + TLM_SNAPSHOT_RESERVED_OFFSET, 0);
  put32(p + TLM_SNAPSHOT_MODEL_CRC_OFFSET, e->model->crc);
  p += TLM_SNAPSHOT_H_OFFSET;
  for (i = 0; i < values; i++, p += 2) put16(p, (uint16_t)*state_at(e, i));
  for (i = 0; i < TLM_SNAPSHOT_GENERATOR_WORDS; i++, p += 4) put32(p, s->rng[i]);
  put16(p, e->recent_count);
  p += 2;
  /* oldest first */
  for (i = 0; i < TLM_SNAPSHOT_RECENT_SLOTS; i++, p += 2) {
    const uint32_t at = (uint32_t)e->recent_next + TLM_RECENT_MAX - e->recent_count + i;
    put16(p, i < e->recent_count ? e->recent[at % TLM_RECENT_MAX] : 0u);
  }
  for (i = context_tokens(e->model); i--; p += 2) put16(p, e->context[i]);
  if (e->model->cache) {
    const uint32_t mask = e->model->cache - 1u, count = e->cache_count, first = e->cache_next - count;
    put16(p, count);
    p += 2;
    for (i = 0; i <= mask; i++, p += 2) put16(p, i < count ? e->cache[(first + i) & mask] : 0u);
  }
  put32(p, tlm_crc32((const uint8_t *)out, bytes - TLM_FILE_CRC_BYTES));
  return (int32_t)bytes;
}

int tlm_restore(tlm_engine *e, tlm_sampler *s, const void *snapshot, uint32_t bytes) {
  const tlm_model *m = e->model;
  const uint32_t values = state_values(m);
  const uint8_t *p = (const uint8_t *)snapshot, *h, *rng, *recent, *context, *cache;
  uint32_t i, count, cached = 0;
  if (!p || bytes != tlm_snapshot_bytes(m)) return TLM_E_SNAPSHOT;
  if (tlm_u32(p) != TLM_SNAPSHOT_MAGIC || tlm_u16(p + TLM_SNAPSHOT_VERSION_OFFSET) != TLM_SNAPSHOT_VERSION ||
      tlm_u16(p + TLM_SNAPSHOT_RESERVED_OFFSET) != 0 || tlm_u32(p + TLM_SNAPSHOT_MODEL_CRC_OFFSET) != m->crc ||
      tlm_u32(p + bytes - TLM_FILE_CRC_BYTES) != tlm_crc32(p, bytes - TLM_FILE_CRC_BYTES)) {
    return TLM_E_SNAPSHOT;
  }
  h = p + TLM_SNAPSHOT_H_OFFSET;
  rng = h + 2u * values;
  recent = rng + 4u * TLM_SNAPSHOT_GENERATOR_WORDS + 2u;
  context = recent + 2u * TLM_SNAPSHOT_RECENT_SLOTS;
  cache = context + 2u * context_tokens(m) + 2u;
  count = tlm_u16(recent - 2);
  if (m->cache) cached = tlm_u16(cache - 2);
  /* A matching CRC says nothing about who made it: the ranges still matter. */
  if (count > TLM_SNAPSHOT_RECENT_SLOTS || cached > m->cache) return TLM_E_SNAPSHOT;
  for (i = 0; i < m->states; i++) {
    if (tlm_i16(h + 2u * i) < -32767) return TLM_E_SNAPSHOT;
  }
  for (i = 0; i < context_tokens(m); i++) {
    if (tlm_u16(context + 2u * i) >= m->vocab) return TLM_E_SNAPSHOT;
  }
  for (i = 0; i < TLM_SNAPSHOT_RECENT_SLOTS; i++) {
    const uint32_t token = tlm_u16(recent + 2u * i);
    if (i < count ? token >= m->vocab || token == m->eod : token != 0) return TLM_E_SNAPSHOT;
  }
  for (i = 0; i < m->cache; i++) {
    const uint32_t token = tlm_u16(cache + 2u * i);
    if (i < cached ? token >= m->vocab : token != 0) return TLM_E_SNAPSHOT;
  }
  for (i = 0; i < values; i++) *state_at(e, i) = (int16_t)tlm_i16(h + 2u * i);
  for (i = 0; i < TLM_SNAPSHOT_GENERATOR_WORDS; i++) s->rng[i] = tlm_u32(rng + 4u * i);
  for (i = 0; i < count; i++) e->recent[i] = (uint16_t)tlm_u16(recent + 2u * i);
  for (i = context_tokens(m); i--; context += 2) e->context[i] = (uint16_t)tlm_u16(context);
  for (i = 0; i < m->cache; i++) e->cache[i] = (uint16_t)tlm_u16(cache + 2u * i);
  e->cache_count = (uint16_t)cached;
  e->cache_next = (uint16_t)(cached & (m->cache - 1u));
  e->recent_count = (uint8_t)count;
  e->recent_next = (uint8_t)(count % TLM_RECENT_MAX);
  tlm_state_changed(e);
  return TLM_OK;
}
