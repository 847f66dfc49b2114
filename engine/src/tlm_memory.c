/* The caller's block of memory: what lies where in it. */
#include "tlm_internal.h"

/* Where the parts of the caller's block begin, bytes. Every part is a multiple of 4. */
typedef struct layout {
  uint32_t h, gx, gh, logits, x, table, scratch, total;
  uint32_t slot_bytes, slots;
} layout;

static uint32_t round4(uint32_t n) { return (n + 3u) & ~3u; }
static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* Bytes of the table of a whole row, 0 for a bias. */
static uint32_t table_bytes(const struct tlm_kernel *kernel, const tlm_tensor *t) {
  return t->type == TLM_TYPE_I16 ? 0u : t->row_bytes * tlm_packing_of(kernel, t->type)->stride * 2u;
}

static int plan(layout *l, const tlm_model *m, int kernel_id, uint32_t budget) {
  const struct tlm_kernel *kernel = tlm_kernel_of(kernel_id);
  const uint32_t H = m->hidden, V = m->vocab;
  uint32_t i, at, widest = 0;
  if (!kernel) return TLM_E_ARGUMENT;
  if (budget == 0) budget = TLM_TABLE_BUDGET_DEFAULT;
  if (budget < TLM_TABLE_BUDGET_MIN) return TLM_E_ARGUMENT;
  budget &= ~3u;
  /* An untied embedding is only read row by row. */
  for (i = m->tied ? 0u : 1u; i < m->tensor_count; i++) widest = larger(widest, table_bytes(kernel, &m->tensors[i]));
  widest = round4(widest);
  l->slots = 0;
  l->slot_bytes = 0;
  if (widest) {
    l->slot_bytes = widest < budget ? widest : budget;
    /* One for each layer's hidden state is all that is ever met again (see TLM_INPUT_EMBEDDING). */
    l->slots = budget / l->slot_bytes;
    if (l->slots > m->layers) l->slots = m->layers;
    if (l->slots > TLM_TABLE_SLOTS_MAX) l->slots = TLM_TABLE_SLOTS_MAX;
  }
  at = 0;
  l->h = at;
  at += round4(2u * H * m->layers);
  l->gx = at;
  at += round4(6u * H);
  l->gh = at;
  at += round4(6u * H);
  l->logits = at;
  at += round4(2u * V);
  l->x = at;
  at += round4(larger(m->dim, H) + TLM_X_PADDING);
  l->table = at;
  at += l->slots * l->slot_bytes;
  /* i32 accumulators (3H or V) while a product is made; u32 keys and u16 weights (V) while a token is drawn. */
  l->scratch = at;
  at += larger(12u * H, 6u * V + 2u);
  l->total = round4(at);
  return TLM_OK;
}

uint32_t tlm_memory_bytes(const tlm_model *model, int kernel, uint32_t table_budget) {
  layout l;
  return model && plan(&l, model, kernel, table_budget) == TLM_OK ? l.total : 0u;
}

/*
 * Inputs (see TLM_INPUT_EMBEDDING) share slots so that nothing useful is pushed out: layer 0 multiplies its state first
 * and is done with that table when the embedding needs a place.
 */
static void place_inputs(tlm_engine *e) {
  uint32_t input;
  for (input = 0; input <= e->model->layers; input++) {
    e->slot_of[input] = (uint8_t)(e->slots ? (input ? input : 1u) % e->slots : 0u);
  }
}

int tlm_init(tlm_engine *e, const tlm_model *model, void *memory, uint32_t bytes, int kernel, uint32_t table_budget) {
  uint8_t *block = (uint8_t *)memory;
  uint32_t i;
  layout l;
  int code;
  if (!e || !model || !model->blob || !memory) return TLM_E_ARGUMENT;
  code = plan(&l, model, kernel, table_budget);
  if (code) return code;
  if (bytes < l.total || ((uintptr_t)memory & 3u)) return TLM_E_MEMORY;
  e->model = model;
  e->kernel = tlm_kernel_of(kernel);
  e->parallel = NULL;
  e->parallel_user = NULL;
  e->parallel_parts = 1;
  e->parallel_share = 65536;
  e->h = (int16_t *)(void *)(block + l.h);
  e->gx = (int16_t *)(void *)(block + l.gx);
  e->gh = (int16_t *)(void *)(block + l.gh);
  e->logits = (int16_t *)(void *)(block + l.logits);
  e->x = (int8_t *)(block + l.x);
  e->table = (int16_t *)(void *)(block + l.table);
  e->scratch = (uint32_t *)(void *)(block + l.scratch);
  e->slot_bytes = l.slot_bytes;
  e->slots = l.slots;
  for (i = 0; i < 2u; i++) {
    const uint32_t stride = e->kernel->packing[i].stride;
    e->slot_groups[i] = (uint16_t)(stride ? l.slot_bytes / (stride * 2u) : 0u);
  }
  place_inputs(e);
  tlm_reset(e);
  return TLM_OK;
}

int tlm_set_parallel(tlm_engine *e, tlm_parallel run, void *user, uint32_t parts) {
  if (!e) return TLM_E_ARGUMENT;
  e->parallel = parts > 1u ? run : NULL;
  e->parallel_user = user;
  e->parallel_parts = e->parallel ? parts : 1u;
  e->parallel_share = (65535u + e->parallel_parts) / e->parallel_parts;
  return TLM_OK;
}
