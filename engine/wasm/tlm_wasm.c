/* What WebAssembly needs beside the engine: sizes of its structs, and calls that take numbers instead of structs. */
#include "tinylm.h"

/* Sizes of the structs that JavaScript reserves, bytes. */
enum { SIZE_MODEL, SIZE_ENGINE, SIZE_SAMPLER, SIZE_ENCODER, SIZE_DECODER, SIZE_STREAM };

uint32_t tlm_wasm_size(uint32_t which) {
  switch (which) {
    case SIZE_MODEL: return sizeof(tlm_model);
    case SIZE_ENGINE: return sizeof(tlm_engine);
    case SIZE_SAMPLER: return sizeof(tlm_sampler);
    case SIZE_ENCODER: return sizeof(tlm_encoder);
    case SIZE_DECODER: return sizeof(tlm_decoder);
    case SIZE_STREAM: return sizeof(tlm_stream);
    default: return 0;
  }
}

/* Fields of an open model, in the order that src/engine/wasm.ts names. */
void tlm_wasm_info(const tlm_model *m, uint32_t *out) {
  *out++ = m->vocab;
  *out++ = m->dim;
  *out++ = m->hidden;
  *out++ = m->layers;
  *out++ = m->tied;
  *out++ = m->eod;
  *out++ = m->reset_on_eod;
  *out++ = m->tokenizer_kind;
  *out++ = m->file_bytes;
  *out++ = m->crc;
  *out++ = m->weights;
  *out++ = m->weight_bytes;
  *out++ = (uint32_t)(uintptr_t)m->metadata;
  *out++ = m->metadata_bytes;
  *out++ = m->version;
}

/* What a model is best sampled with: temperature, top-k, penalty, window; 0 when that is what every model has. */
int tlm_wasm_options(const tlm_model *m, uint32_t *out) {
  const tlm_options o = tlm_options_of(m), d = tlm_options_default();
  out[0] = o.temperature;
  out[1] = o.top_k;
  out[2] = o.penalty;
  out[3] = o.penalty_window;
  return o.temperature != d.temperature || o.top_k != d.top_k || o.penalty != d.penalty ||
         o.penalty_window != d.penalty_window;
}

/* Options of a sampler; keep: leave the generator as it is. */
int tlm_wasm_sampler(tlm_sampler *sampler, uint32_t temperature, uint32_t top_k, uint32_t top_p, uint32_t penalty,
                     uint32_t window, uint32_t seed, int keep) {
  tlm_options o;
  o.temperature = (uint16_t)temperature;
  o.top_k = (uint16_t)top_k;
  o.top_p = (uint16_t)top_p;
  o.penalty = (uint16_t)penalty;
  o.penalty_window = (uint8_t)window;
  o.seed = seed;
  return keep ? tlm_sampler_set(sampler, &o) : tlm_sampler_init(sampler, &o);
}

int tlm_wasm_stream(tlm_stream *stream, tlm_engine *engine, tlm_sampler *sampler, void *in, uint32_t in_bytes,
                    void *out, uint32_t out_bytes, uint32_t max_tokens, const char *stop, uint32_t stop_bytes,
                    int continuous) {
  tlm_stream_options o;
  o.max_tokens = max_tokens;
  o.stop = stop;
  o.stop_bytes = stop_bytes;
  o.continuous = (uint8_t)(continuous != 0);
  return tlm_stream_init(stream, engine, sampler, in, in_bytes, out, out_bytes, &o);
}

/* The compiler may call these of its own accord; there is no libc here. */
void *memcpy(void *to, const void *from, size_t n) { return __builtin_memcpy(to, from, n); }
void *memset(void *to, int value, size_t n) { return __builtin_memset(to, value, n); }

/* The token that the last poll has drawn and not fed yet, or a negative number. The logits are still those it was drawn from. */
int tlm_wasm_stream_token(const tlm_stream *stream) { return stream->pending; }
