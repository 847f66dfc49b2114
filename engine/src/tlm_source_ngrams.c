/* Rows of hashed tables for the last two to four tokens (SPEC.md 3.1). */
#include "tlm_internal.h"

#ifndef TLM_WITHOUT_NGRAMS

void tlm_source_ngrams(tlm_engine *e, int8_t *x) {
  const tlm_model *m = e->model;
  uint32_t i, t;
  for (i = 0; i < m->ngrams; i++) {
    const tlm_ngram *table = &m->ngram[i];
    uint32_t hash = 0;
    for (t = table->order; t--;) hash = (hash + e->context[t] + 1u) * TLM_NGRAM_HASH_MULTIPLIER;
    tlm_look_up(m, &m->tensors[1u + i], hash >> (32u - table->rows_log), 0, x);
    x += table->width;
  }
}

#endif
