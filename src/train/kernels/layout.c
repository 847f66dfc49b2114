/* The trainer's memory: one arena, laid out from the configuration, and the way into it for the caller. */
#include "trainer.h"

typedef struct { char *base; size_t used; } Arena;

static void *take(Arena *arena, size_t bytes) {
  void *p = arena->base ? arena->base + arena->used : 0;
  arena->used += ROUND_UP(bytes, 64);
  return p;
}
static float *take_floats(Arena *arena, size_t n) { return take(arena, n * sizeof(float)); }

static int16_t *take_16(Arena *arena, size_t n) { return take(arena, n * sizeof(int16_t)); }

static ForwardWeights take_forward(const Trainer *t, Arena *arena, int k, int n) {
  if (!t->integers) return (ForwardWeights){take_floats(arena, (size_t)packed_floats(k, n)), 0, 0};
  return (ForwardWeights){0, take_16(arena, (size_t)k * n), take_floats(arena, (size_t)n)};
}
static BackwardWeights take_backward(const Trainer *t, Arena *arena, int k, int n) {
  if (!t->lookups) return (BackwardWeights){take_floats(arena, (size_t)packed_floats(k, n)), 0, 0};
  uint16_t *offsets = take(arena, (size_t)packed_offsets(k, n) * sizeof(uint16_t));
  return (BackwardWeights){0, offsets, take_floats(arena, (size_t)lookup_groups(k) * 3)};
}

static void add_tensor(Trainer *t, int groups, int group_rows, int group_stride, int cols, int stride, int is_weight) {
  Tensor *tensor = &t->tensor[t->tensors++];
  *tensor = (Tensor){groups, group_rows, group_stride, cols, stride, is_weight, t->parameters, t->all_rows};
  t->parameters += groups * group_stride * stride;
  t->all_rows += groups * group_stride;
}

static void lay_out(Trainer *t, Arena *arena) {
  const Config *c = &t->c;
  const int hp = t->hp, dp = t->dp, vp = t->vp, wide = hp > dp ? hp : dp;
  const size_t rows = (size_t)t->rows, p = (size_t)t->parameters;
  t->weight = take_floats(arena, p);
  t->moment1 = take_floats(arena, p);
  t->moment2 = take_floats(arena, p);
  t->grad = take_floats(arena, p);
  t->effective = take_floats(arena, p);
  t->scale_moment1 = take_floats(arena, (size_t)t->all_rows);
  t->scale_moment2 = take_floats(arena, (size_t)t->all_rows);
  t->row_mean = take_floats(arena, (size_t)t->all_rows);
  t->row_scale = take_floats(arena, (size_t)t->all_rows);
  t->embed_in = take_floats(arena, (size_t)vp * dp);
  t->embed_16 = take_16(arena, t->integers ? (size_t)vp * dp : 0);
  t->head_bias = take_floats(arena, vp);
  for (int l = 0; l < c->layers; l++) {
    const int k = l ? hp : dp;
    t->packed[l].forward_hh = take_forward(t, arena, hp, 3 * hp);
    t->packed[l].backward_hh = take_backward(t, arena, 3 * hp, hp);
    t->packed[l].forward_ih = take_forward(t, arena, k, 3 * hp);
    t->packed[l].backward_ih = take_backward(t, arena, 3 * hp, k);
  }
  t->forward_head = take_forward(t, arena, hp, vp);
  t->backward_head = take_backward(t, arena, vp, hp);
  t->table = take_floats(arena, (size_t)vp * 3 * hp);
  t->dtable = take_floats(arena, (size_t)vp * 3 * hp);
  t->partial = take_floats(arena, p / BLOCK + 1);
  const size_t lanes = (size_t)t->shard_lanes, block = (size_t)t->block_rows;
  for (int i = 0; i < c->shards; i++) {
    Shard *s = &t->shard[i];
    for (int l = 0; l < c->layers; l++) {
      LayerActivations *a = &s->layer[l];
      a->saved = take_floats(arena, (rows + lanes) * SAVED * hp);
      a->h_q = take_floats(arena, (rows + lanes) * SKEWED(hp));
      a->h_16 = take_16(arena, t->integers ? (rows + lanes) * SKEWED(hp) : 0);
      a->carry = take_floats(arena, lanes * hp);
      a->dcarry = take_floats(arena, lanes * hp);
    }
    s->x = take_floats(arena, t->use_table ? 0 : rows * SKEWED(dp));
    s->x_16 = take_16(arena, t->use_table || !t->integers ? 0 : rows * SKEWED(dp));
    s->gx = take_floats(arena, t->use_table && c->layers == 1 ? 0 : block * 3 * hp);
    s->h_now = take_floats(arena, lanes * SKEWED(hp));
    s->h_now_16 = take_16(arena, t->integers ? lanes * SKEWED(hp) : 0);
    s->gh = take_floats(arena, lanes * 3 * hp);
    s->dgates = take_floats(arena, block * SKEWED(4 * hp));
    s->dh = take_floats(arena, block * wide);
    s->logits = take_floats(arena, block * SKEWED(vp));
    s->grad = take_floats(arena, p);
    s->dtable = take_floats(arena, t->use_table ? (size_t)vp * 3 * hp : 0);
  }
  t->inputs = take(arena, (size_t)c->lanes * c->stream * 2);
  t->targets = take(arena, (size_t)c->lanes * c->stream * 2);
  t->schedule = take_floats(arena, (size_t)c->chunk * 3);
  t->stats = take_floats(arena, (size_t)c->chunk * 2);
  t->totals = take(arena, 2 * sizeof(double));
}

static void measure(Trainer *t, const Config *config) {
  t->c = *config;
  const Config *c = &t->c;
  t->hp = ROUND_UP(c->hidden, NR);
  t->dp = ROUND_UP(c->dim, NR);
  t->vp = ROUND_UP(c->vocab, NR);
  t->shard_lanes = c->lanes / c->shards;
  t->rows = t->shard_lanes * c->segment;
  t->block_steps = BLOCK_ROWS / t->shard_lanes < 1 ? 1 : BLOCK_ROWS / t->shard_lanes;
  if (t->block_steps > c->segment) t->block_steps = c->segment;
  t->block_rows = t->block_steps * t->shard_lanes;
  /* The table costs V rows a step instead of N a shard; past that it no longer pays. */
  t->use_table = c->vocab * 2 <= c->lanes * c->segment;
#ifdef DOT16
  t->integers = c->ternary && c->quantize_activations;
#endif
#if LOOKUPS
  t->lookups = c->ternary && t->shard_lanes >= LOOKUP_LANES;
#endif
  t->tensors = t->parameters = t->all_rows = 0;
  add_tensor(t, 1, c->vocab, t->vp, c->dim, t->dp, 1);
  for (int l = 0; l < c->layers; l++) {
    add_tensor(t, 3, c->hidden, t->hp, l ? c->hidden : c->dim, l ? t->hp : t->dp, 1);
    add_tensor(t, 3, c->hidden, t->hp, c->hidden, t->hp, 1);
    for (int i = 0; i < 2; i++) add_tensor(t, 3, c->hidden, t->hp, 1, 1, 0);
  }
  if (!c->tied) add_tensor(t, 1, c->vocab, t->vp, c->hidden, t->hp, 1);
  add_tensor(t, 1, c->vocab, t->vp, 1, 1, 0);
}

/* Bytes of the arena for a configuration (the Trainer itself included). */
EXPORT(trainer_bytes) size_t trainer_bytes(const Config *config) {
  static Trainer probe;
  Arena arena = {0, ROUND_UP(sizeof(Trainer), 64)};
  measure(&probe, config);
  lay_out(&probe, &arena);
  return arena.used;
}

/* Lays the trainer out at `base` (64-byte aligned, trainer_bytes long, all zero) and returns it. */
EXPORT(trainer_init) Trainer *trainer_init(void *base, const Config *config, int workers) {
  Trainer *t = base;
  Arena arena = {base, ROUND_UP(sizeof(Trainer), 64)};
  measure(t, config);
  lay_out(t, &arena);
  t->workers = workers;
  t->arrived = t->generation = t->next_task = t->stop = 0;
  return t;
}

/* What the caller may read and write: see src/train/layout.ts for the numbers. */
EXPORT(trainer_address) void *trainer_address(Trainer *t, int what, int index) {
  switch (what) {
    case 0: return t->weight;
    case 1: return t->moment1;
    case 2: return t->moment2;
    case 3: return t->grad;
    case 4: return t->inputs;
    case 5: return t->targets;
    case 6: return t->schedule;
    case 7: return t->stats;
    case 8: return t->totals;
    case 9: return &t->c;
    case 10: return &t->stop;
    case 11: return &t->tensor[index];
    case 12: return t->shard[index / t->c.layers].layer[index % t->c.layers].carry;
    case 13: return &t->done;
    case 14: return t->effective;
    case 15: return t->scale_moment1;
    case 16: return t->scale_moment2;
    default: return 0;
  }
}
EXPORT(trainer_tensors) int trainer_tensors(const Trainer *t) { return t->tensors; }
EXPORT(trainer_parameters) int trainer_parameters(const Trainer *t) { return t->parameters; }
EXPORT(trainer_rows) int trainer_rows(const Trainer *t) { return t->all_rows; }
EXPORT(trainer_hidden_stride) int trainer_hidden_stride(const Trainer *t) { return t->hp; }

