/* The caller's block of memory: what lies where in it. */
#include "tlm_internal.h"
#include "tlm_layers.h"

TLM_SMALL_CODE

/* Where the parts of the caller's block begin, bytes. Every part is a multiple of 4. */
typedef struct layout {
  uint32_t h, stream, gates, logits, x, table, scratch, cache, total;
  uint32_t slot_bytes, slots;
} layout;

static uint32_t round4(uint32_t n) { return (n + 3u) & ~3u; }
static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

static const tlm_layer_rule *rule_of(const tlm_model *m, uint32_t layer) {
  uint32_t i = 0;
  while (tlm_layer_rules[i].id != m->layer[layer].kind) i++;
  return &tlm_layer_rules[i];
}

int tlm_is_product(const tlm_model *m, uint32_t index) {
  const tlm_tensor *t = &m->tensors[index];
  return t->scale && index > m->ngrams ? 1 : index == 0 && m->tied;
}

/* Whether the state of a layer is read in 8 bits by what stands above it, and not only by the layer itself. */
static int is_kept(const tlm_model *m, uint32_t layer) {
  return !rule_of(m, layer)->stream && (layer + 1u == m->layers || !rule_of(m, layer + 1u)->stream);
}

/* Bytes of the table of a whole row. */
static uint32_t table_bytes(const struct tlm_kernel *kernel, const tlm_tensor *t) {
  return t->row_bytes * tlm_packing_of(kernel, t->type)->stride * 2u;
}

static int plan(layout *l, const tlm_model *m, int kernel_id, uint32_t budget) {
  const struct tlm_kernel *kernel = tlm_kernel_of(kernel_id);
  uint32_t i, at, widest = 0, kept = 0, gates = 0, x = m->input, rows = 0;
  if (!kernel) return TLM_E_ARGUMENT;
  if (budget == 0) budget = TLM_TABLE_BUDGET_DEFAULT;
  if (budget < TLM_TABLE_BUDGET_MIN) return TLM_E_ARGUMENT;
  budget &= ~3u;
  for (i = 0; i < m->layers; i++) {
    const tlm_layer *layer = &m->layer[i];
    const tlm_layer_rule *rule = rule_of(m, i);
    gates = larger(gates, larger((uint32_t)rule->gates * layer->width, rule->stream ? layer->in : 0u));
    x = larger(x, larger(layer->in, layer->width));
    kept += (uint32_t)is_kept(m, i);
  }
  for (i = 0; i < m->tensor_count; i++) {
    if (tlm_is_product(m, i)) widest = larger(widest, table_bytes(kernel, &m->tensors[i]));
  }
  widest = round4(widest);
  l->slots = 0;
  l->slot_bytes = 0;
  if (widest) {
    l->slot_bytes = widest < budget ? widest : budget;
    /* One for each state that is met again is all that helps (see TLM_INPUT_SOURCES). */
    l->slots = budget / l->slot_bytes;
    if (l->slots > larger(kept, 1u)) l->slots = larger(kept, 1u);
    if (l->slots > TLM_TABLE_SLOTS_MAX) l->slots = TLM_TABLE_SLOTS_MAX;
  }
  for (i = 0; i < m->tensor_count; i++) {
    const tlm_tensor *t = &m->tensors[i];
    if (tlm_is_product(m, i) && table_bytes(kernel, t) > l->slot_bytes) rows = larger(rows, t->rows);
  }
  if (rows > TLM_PIECE_ROWS) rows = TLM_PIECE_ROWS;
  at = 0;
  l->h = at;
  at += round4(2u * m->states);
  l->stream = at;
  at += round4(2u * m->stream);
  l->gates = at;
  /* between steps the cache's counts, then the sampler's sums */
  at += larger(round4(larger(2u * gates, m->cache ? m->vocab : 0u)), TLM_SAMPLE_BYTES);
  l->logits = at;
  at += round4(2u * m->vocab);
  l->x = at;
  at += round4(x + TLM_X_PADDING);
  l->table = at;
  at += l->slots * l->slot_bytes;
  l->scratch = at; /* i32 accumulators of a product in pieces */
  at += 4u * rows;
  l->cache = at;
  at += round4(2u * m->cache);
  l->total = round4(at);
  return TLM_OK;
}

uint32_t tlm_memory_bytes(const tlm_model *model, int kernel, uint32_t table_budget) {
  layout l;
  return model && plan(&l, model, kernel, table_budget) == TLM_OK ? l.total : 0u;
}

/*
 * Inputs (see TLM_INPUT_SOURCES) share slots so that nothing useful is pushed out: the first state that is kept has
 * been used up (by its own layer, which multiplies it first) when the sources need a place.
 */
static void place_inputs(tlm_engine *e) {
  const uint32_t others = e->slots ? 1u % e->slots : 0u;
  uint32_t layer, kept = 0;
  e->slot_of[TLM_INPUT_SOURCES] = e->slot_of[TLM_INPUT_OTHER] = (uint8_t)others;
  for (layer = 0; layer < e->model->layers; layer++) {
    const uint32_t slot = is_kept(e->model, layer) && e->slots ? ++kept % e->slots : others;
    e->slot_of[layer + 1u] = (uint8_t)slot;
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
  e->stream = (int16_t *)(void *)(block + l.stream);
  e->gates = (int16_t *)(void *)(block + l.gates);
  e->logits = (int16_t *)(void *)(block + l.logits);
  e->x = (int8_t *)(block + l.x);
  e->table = (int16_t *)(void *)(block + l.table);
  e->scratch = (uint32_t *)(void *)(block + l.scratch);
  e->cache = (uint16_t *)(void *)(block + l.cache);
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
