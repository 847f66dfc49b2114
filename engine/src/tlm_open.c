/* Opens a .tlm: every check of SPEC.md 1, so that nothing else has to check anything. */
#include "tlm_reader.h"

TLM_SMALL_CODE

int tlm_refuse(const tlm_reader *r, int code, uint32_t offset, uint32_t found, uint32_t expected) {
  if (r->fault) {
    r->fault->offset = offset;
    r->fault->found = found;
    r->fault->expected = expected;
  }
  return code;
}

int tlm_check_gap(const tlm_reader *r, uint32_t to) {
  uint32_t i;
  for (i = r->cursor; i < to; i++) {
    if (r->blob[i]) return tlm_refuse(r, TLM_E_GAP, i, r->blob[i], 0);
  }
  return TLM_OK;
}

/* The fields of both versions that say what the file is and how large. */
static int check_file(tlm_reader *r, tlm_model *m, uint32_t region_bytes) {
  const uint32_t misaligned = (uint32_t)((uintptr_t)r->blob & 3u);
  uint32_t v, least;
  int first;
  if (misaligned) return tlm_refuse(r, TLM_E_ALIGN, 0, misaligned, 0);
  if (region_bytes < TLM_FILE_BYTES_MIN) return tlm_refuse(r, TLM_E_SHORT, 0, region_bytes, TLM_FILE_BYTES_MIN);
  v = tlm_u32(r->blob + TLM_HEADER_MAGIC);
  EQUAL(TLM_E_MAGIC, TLM_HEADER_MAGIC, v, (uint32_t)TLM_FILE_MAGIC);
  v = tlm_u16(r->blob + TLM_HEADER_VERSION);
#ifdef TLM_WITHOUT_V1
  first = 0;
#else
  first = v == TLM_V1_VERSION;
#endif
  if (!first) EQUAL(TLM_E_VERSION, TLM_HEADER_VERSION, v, TLM_FILE_VERSION);
  m->version = (uint8_t)v;
  least = first ? TLM_V1_BYTES_MIN : TLM_FILE_BYTES_MIN;
  if (region_bytes < least) return tlm_refuse(r, TLM_E_SHORT, 0, region_bytes, least);
  v = tlm_u16(r->blob + TLM_HEADER_HEADER_BYTES);
  EQUAL(TLM_E_SIZE, TLM_HEADER_HEADER_BYTES, v, (first ? TLM_V1_HEADER_BYTES : TLM_FILE_HEADER_BYTES) + 0u);
  v = tlm_u32(r->blob + TLM_HEADER_FILE_BYTES);
  if (v < least || v % TLM_FILE_BYTES_MULTIPLE) return tlm_refuse(r, TLM_E_SIZE, TLM_HEADER_FILE_BYTES, v, least);
  if (v > region_bytes) return tlm_refuse(r, TLM_E_SHORT, TLM_HEADER_FILE_BYTES, region_bytes, v);
  m->file_bytes = v;
  r->end = v - TLM_FILE_CRC_BYTES;
  m->crc = tlm_u32(r->blob + r->end);
  v = tlm_crc32(r->blob, r->end);
  EQUAL(TLM_E_CRC, r->end, v, m->crc);
#ifndef TLM_WITHOUT_V1
  if (first) return tlm_open_v1(r, m);
#endif
  return tlm_open_v2(r, m);
}

int tlm_open(tlm_model *model, const void *blob, uint32_t region_bytes, tlm_fault *fault) {
  tlm_reader r;
  uint32_t i;
  int code;
  r.blob = (const uint8_t *)blob;
  r.end = r.cursor = r.records = 0;
  for (i = 0; i < sizeof r.trits; i++) r.trits[i] = 0;
  r.fault = fault;
  if (fault) fault->offset = fault->found = fault->expected = 0;
  if (!model || !blob) return TLM_E_ARGUMENT;
  model->blob = r.blob;
  model->weights = 0;
  model->weight_bytes = 0;
  code = check_file(&r, model, region_bytes);
  /* A refused model must not be usable by mistake. */
  if (code) model->blob = NULL;
  return code;
}

uint32_t tlm_vocab(const tlm_model *model) { return model->vocab; }
uint32_t tlm_eod(const tlm_model *model) { return model->eod; }

tlm_options tlm_options_of(const tlm_model *m) {
  const uint8_t *header = m->blob;
  tlm_options o = tlm_options_default();
  /* A penalty of 0 says that the file brings nothing; version 1 has no place for it. */
  if (m->version == TLM_V1_VERSION || tlm_u16(header + TLM_HEADER_PENALTY) == 0) return o;
  o.temperature = (uint16_t)tlm_u16(header + TLM_HEADER_TEMPERATURE);
  o.top_k = (uint16_t)tlm_u16(header + TLM_HEADER_TOP_K);
  o.penalty = (uint16_t)tlm_u16(header + TLM_HEADER_PENALTY);
  o.penalty_window = header[TLM_HEADER_PENALTY_WINDOW];
  return o;
}

int tlm_relocate_planes(tlm_model *model, uint32_t index, uint32_t planes, const void *copy) {
  tlm_tensor *t;
  if (!model || index >= model->tensor_count || planes > model->tensors[index].planes) return TLM_E_ARGUMENT;
  t = &model->tensors[index];
  t->moved = (uint8_t)(copy ? planes : 0u);
  t->data = t->moved ? (const uint8_t *)copy : model->blob + t->offset;
  return TLM_OK;
}

int tlm_relocate(tlm_model *model, uint32_t index, const void *copy) {
  if (!model || index >= model->tensor_count) return TLM_E_ARGUMENT;
  return tlm_relocate_planes(model, index, model->tensors[index].planes, copy);
}
