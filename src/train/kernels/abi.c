/* The way in for the caller: how much memory, the layout of it, and where everything lies. */
#include "phases.h"

/* From a configuration to the parts of the model and their tensors. */
static void add_parts(Trainer *t) {
  const Config *c = &t->c;
  t->p.tensors = 0;
  Signal signal = add_sources(t);
  for (int l = 0; l < c->layers; l++) {
    const int kind = c->layer[l].kind, width = c->layer[l].width;
    const model_layer_rule *rule = &model_layer_rules[kind];
    Layer *layer = &t->layer[l];
    *layer = (Layer){.kind = layer_kinds[kind], .index = l, .width = width, .padded = PADDED(width), .in = signal};
    const Sizes sizes = {{[MODEL_OF_ONE] = 1, [MODEL_OF_INPUT] = signal.width, [MODEL_OF_WIDTH] = width}};
    if (l > 0) t->layer[l - 1].begins_stream = rule->stream && !signal.stream;
    layer->part = add_part(&t->p, c, rule->first_rule, rule->rules, &sizes, rule->stream || signal.stream);
    signal = rule->stream ? (Signal){1, signal.width, signal.padded, 1.0f / NORM_ONE}
                          : (Signal){0, width, PADDED(width), 1.0f / STATE_ONE};
    layer->out = signal;
  }
  add_head(t, signal);
}

static void measure(Trainer *t, const Config *config) {
  t->c = *config;
  const Config *c = &t->c;
  t->shard_lanes = c->lanes / c->shards;
  t->rows = t->shard_lanes * c->segment;
  t->block_steps = BLOCK_ROWS / t->shard_lanes < 1 ? 1 : BLOCK_ROWS / t->shard_lanes;
  if (t->block_steps > c->segment) t->block_steps = c->segment;
  t->block_rows = t->block_steps * t->shard_lanes;
  /* The table costs V rows a step instead of N a shard; past that it no longer pays. */
  t->table.used =
      c->layer[0].kind == MODEL_KIND_GRU && c->ngrams == 0 && (int64_t)c->vocab * 2 <= (int64_t)c->lanes * c->segment;
#ifdef DOT16
  t->integers = c->ternary && c->quantize_activations;
#endif
#if LOOKUPS
  t->lookups = c->ternary && t->shard_lanes >= LOOKUP_LANES;
#endif
  t->product_floats = t->gate_floats = t->inner_floats = 0;
  t->dout_floats = 0;
  add_parts(t);
}

static void lay_out(Trainer *t, Arena *arena) {
  const Config *c = &t->c;
  lay_out_parameters(&t->p, arena);
  lay_out_optimizer(t, arena);
  lay_out_muon(t, arena);
  lay_out_sources(t, arena);
  at_least(&t->dout_floats, t->sources.out.padded);
  for (int l = 0; l < c->layers; l++) {
    t->layer[l].kind->lay_out(t, &t->layer[l], arena);
    at_least(&t->dout_floats, t->layer[l].out.padded);
  }
  lay_out_head(t, arena);
  t->zeros = take_floats(arena, (uint64_t)t->product_floats);
  lay_out_table(t, arena);
  const uint64_t block = (uint64_t)t->block_rows;
  for (int i = 0; i < c->shards; i++) {
    Shard *s = &t->shard[i];
    lay_out_sources_shard(t, s, arena);
    for (int l = 0; l < c->layers; l++) t->layer[l].kind->lay_out_shard(t, s, &t->layer[l], arena);
    lay_out_head_shard(t, s, arena);
    s->products = take_floats(arena, block * t->product_floats + PRODUCT_SLACK);
    s->gates = take_floats(arena, block * t->gate_floats);
    s->inner = take_floats(arena, block * t->inner_floats + PRODUCT_SLACK);
    s->dout = take_floats(arena, block * t->dout_floats + PRODUCT_SLACK);
    s->grad = take_floats(arena, (uint64_t)t->p.floats);
    lay_out_table_shard(t, s, arena);
  }
  t->inputs = take(arena, (uint64_t)c->lanes * c->stream * 2);
  t->targets = take(arena, (uint64_t)c->lanes * c->stream * 2);
  t->schedule = take_floats(arena, (uint64_t)c->chunk * 3);
  t->stats = take_floats(arena, (uint64_t)c->chunk * 2);
  t->totals = take(arena, 2 * sizeof(double));
}

/* 0 for a configuration that can be; else 1 + the number of a word that cannot. */
EXPORT(trainer_check) int trainer_check(const Config *config) { return check_config(config); }

/* Bytes of the arena for a configuration that can be (the Trainer itself included); SIZE_MAX for more than there are. */
EXPORT(trainer_bytes) size_t trainer_bytes(const Config *config) {
  static Trainer probe;
  if (check_config(config)) return 0;
  Arena arena = {.base = 0, .used = ROUND_UP(sizeof(Trainer), 64)};
  measure(&probe, config);
  lay_out(&probe, &arena);
  return arena.used > SIZE_MAX ? SIZE_MAX : (size_t)arena.used;
}

/*
 * Lays the trainer out at `base` (64-byte aligned, trainer_bytes long, all zero) and returns it; null for a configuration that
 * cannot be or another number of workers than 1 … shards.
 */
EXPORT(trainer_init) Trainer *trainer_init(void *base, const Config *config, int workers) {
  if (check_config(config) || workers < 1 || workers > config->shards) return 0;
  Trainer *t = base;
  Arena arena = {.base = base, .used = ROUND_UP(sizeof(Trainer), 64)};
  measure(t, config);
  lay_out(t, &arena);
  t->workers = workers;
  t->arrived = t->generation = t->next_task = t->stop = 0;
  return t;
}

/* What the caller may read and write, by the numbers of abi.h: null for what there is not. */
EXPORT(trainer_address) void *trainer_address(Trainer *t, int what, int index) {
  const int layers = t->c.layers;
  switch (what) {
    case ADDRESS_WEIGHT: return t->p.weight;
    case ADDRESS_MOMENT1: return t->p.moment1;
    case ADDRESS_MOMENT2: return t->p.moment2;
    case ADDRESS_GRADIENT: return t->p.grad;
    case ADDRESS_EFFECTIVE: return t->p.effective;
    case ADDRESS_SCALE_MOMENT1: return t->p.scale_moment1;
    case ADDRESS_SCALE_MOMENT2: return t->p.scale_moment2;
    case ADDRESS_INPUTS: return t->inputs;
    case ADDRESS_TARGETS: return t->targets;
    case ADDRESS_SCHEDULE: return t->schedule;
    case ADDRESS_STATS: return t->stats;
    case ADDRESS_TOTALS: return t->totals;
    case ADDRESS_STOP: return &t->stop;
    case ADDRESS_DONE: return &t->done;
    case ADDRESS_TENSOR: return index >= 0 && index < t->p.tensors ? &t->p.tensor[index] : 0;
    case ADDRESS_CARRY: /* of shard and layer: (lanes, padded width) */
      return index >= 0 && index < t->c.shards * layers ? t->shard[index / layers].layer[index % layers].carry : 0;
    case ADDRESS_CONTEXT: /* of a shard: (lanes, NGRAM_CONTEXT), the newest first */
      return index >= 0 && index < t->c.shards ? t->shard[index].sources.ngrams.context : 0;
    case ADDRESS_TOUCHED_ROWS: return index >= 0 && index < t->c.ngrams ? t->sources.ngram[index].rows : 0;
    case ADDRESS_TOUCHED_GRADIENT: return index >= 0 && index < t->c.ngrams ? t->sources.ngram[index].grad : 0;
    default: return 0;
  }
}

/* How many there are, by the numbers of abi.h. */
EXPORT(trainer_count) int trainer_count(const Trainer *t, int what, int index) {
  switch (what) {
    case COUNT_TENSORS: return t->p.tensors;
    case COUNT_PARAMETERS: return t->p.floats;
    case COUNT_ALL_FLOATS: return t->p.all_floats;
    case COUNT_ROWS: return t->p.rows;
    case COUNT_TOUCHED: return index >= 0 && index < t->c.ngrams ? t->sources.ngram[index].touched : 0;
    case COUNT_WIDTH_STRIDE: return index >= 0 && index < t->c.layers ? t->layer[index].padded : 0;
    default: return 0;
  }
}
