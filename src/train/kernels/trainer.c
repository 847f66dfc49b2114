/*
 * The step: prepare the effective weights, run the shards, reduce their gradients in a fixed order and apply AdamW.
 * Every phase is a list of tasks that any worker may take; a barrier stands between phases. No sum depends on which worker
 * took which task, so the same seed gives the same weights for any number of workers.
 */
#include "trainer.h"

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
static void wait_for_change(int32_t *word, int32_t old) { __builtin_wasm_memory_atomic_wait32(word, old, -1); }
static void wake_all(int32_t *word) { __builtin_wasm_memory_atomic_notify(word, 0x7fffffff); }
#else
#include <sched.h>
#define EXPORT(name)
static void wait_for_change(int32_t *word, int32_t old) {
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == old) sched_yield();
}
static void wake_all(int32_t *word) { (void)word; }
#endif

/* All workers meet here; the last one sets the task counter back. Spins for a while before it sleeps. */
static void barrier(Trainer *t) {
  int32_t generation = __atomic_load_n(&t->generation, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&t->arrived, 1, __ATOMIC_ACQ_REL) == t->workers) {
    t->arrived = 0;
    t->next_task = 0;
    __atomic_store_n(&t->generation, generation + 1, __ATOMIC_RELEASE);
    wake_all(&t->generation);
    return;
  }
  for (int spin = 0; spin < 20000; spin++)
    if (__atomic_load_n(&t->generation, __ATOMIC_ACQUIRE) != generation) return;
  while (__atomic_load_n(&t->generation, __ATOMIC_ACQUIRE) == generation) wait_for_change(&t->generation, generation);
}

static int take_task(Trainer *t) { return __atomic_fetch_add(&t->next_task, 1, __ATOMIC_RELAXED); }

/* ---- memory ---------------------------------------------------------------------------------------------------- */

typedef struct { char *base; size_t used; } Arena;

static void *take(Arena *arena, size_t bytes) {
  void *p = arena->base ? arena->base + arena->used : 0;
  arena->used += ROUND_UP(bytes, 64);
  return p;
}
static float *take_floats(Arena *arena, size_t n) { return take(arena, n * sizeof(float)); }

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
  t->embed_in = take_floats(arena, (size_t)vp * dp);
  t->head_bias = take_floats(arena, vp);
  for (int l = 0; l < c->layers; l++) {
    const int k = l ? hp : dp;
    t->packed[l].forward_hh = take_floats(arena, (size_t)packed_floats(hp, 3 * hp));
    t->packed[l].backward_hh = take_floats(arena, (size_t)packed_floats(3 * hp, hp));
    t->packed[l].forward_ih = take_floats(arena, (size_t)packed_floats(k, 3 * hp));
    t->packed[l].backward_ih = take_floats(arena, (size_t)packed_floats(3 * hp, k));
  }
  t->forward_head = take_floats(arena, (size_t)packed_floats(hp, vp));
  t->backward_head = take_floats(arena, (size_t)packed_floats(vp, hp));
  t->packed_embed = take_floats(arena, (size_t)packed_floats(vp, dp));
  t->table = take_floats(arena, (size_t)vp * 3 * hp);
  t->dtable = take_floats(arena, (size_t)vp * 3 * hp);
  t->partial = take_floats(arena, p / BLOCK + 1);
  for (int i = 0; i < c->shards; i++) {
    Shard *s = &t->shard[i];
    for (int l = 0; l < c->layers; l++) {
      LayerActivations *a = &s->layer[l];
      float **arrays[] = {&a->h_in, &a->h_in_q, &a->h_q, &a->r, &a->z, &a->n, &a->gh_n};
      for (int j = 0; j < 7; j++) *arrays[j] = take_floats(arena, rows * hp);
      a->carry = take_floats(arena, (size_t)t->shard_lanes * hp);
    }
    s->x = take_floats(arena, t->use_table ? 0 : rows * dp);
    s->gx = take_floats(arena, rows * 3 * hp);
    s->gh = take_floats(arena, (size_t)t->shard_lanes * 3 * hp);
    s->dgh = take_floats(arena, rows * 3 * hp);
    s->dh = take_floats(arena, rows * wide);
    s->dcarry = take_floats(arena, (size_t)t->shard_lanes * hp);
    s->dback = take_floats(arena, (size_t)t->shard_lanes * hp);
    s->logits = take_floats(arena, (size_t)HEAD_ROWS * vp);
    s->packed = take_floats(arena, (size_t)GRAD_ROWS * ROUND_UP(wide, NR));
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
  /* The table costs V rows a step instead of N a shard; past that it no longer pays. */
  t->use_table = c->vocab * 2 <= c->lanes * c->segment;
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

/* ---- phases ---------------------------------------------------------------------------------------------------- */

/* SPEC.md 5's ternarize of one row: mean magnitude, limit above which a weight is kept, and the scale of those kept. */
typedef struct { float mean, limit, scale; } Ternary;

static Ternary measure_row(const Trainer *t, const float *w, int n) {
  float sum = 0, kept = 0;
  int count = 0;
  for (int i = 0; i < n; i++) sum += __builtin_fabsf(w[i]);
  const float mean = sum / (float)n, limit = t->c.threshold * mean;
  for (int i = 0; i < n; i++) {
    float magnitude = __builtin_fabsf(w[i]);
    if (magnitude > limit) { kept += magnitude; count++; }
  }
  return (Ternary){mean, limit, count ? kept / (float)count : 0};
}

/* Effective weights of one group of rows, and the embedding rows as the cell sees them. */
static void prepare_rows(Trainer *t, int tensor, int first, int count, const float *schedule) {
  (void)schedule;
  const Tensor *info = &t->tensor[tensor];
  for (int row = first; row < first + count; row++) {
    const size_t at_row = (size_t)info->offset + (size_t)row * info->stride;
    const float *w = t->weight + at_row;
    float *effective = t->effective + at_row;
    float scale = 0;
    if (t->c.ternary && info->is_weight) {
      const Ternary row_of = measure_row(t, w, info->cols);
      scale = row_of.scale;
      for (int i = 0; i < info->cols; i++)
        effective[i] = w[i] > row_of.limit ? scale : w[i] < -row_of.limit ? -scale : 0;
    } else
      for (int i = 0; i < info->cols; i++) effective[i] = w[i];
    if (tensor != tensor_embed()) continue;
    float *embed = t->embed_in + (size_t)row * t->dp;
    if (t->c.ternary && t->c.quantize_activations) {
      const float unit = (float)(1 << t->c.embed_frac);
      float level = (float)(int)(scale * unit + 0.5f);
      if (level > 127) level = 127;
      for (int i = 0; i < info->cols; i++)
        embed[i] = effective[i] > 0 ? level / unit : effective[i] < 0 ? -level / unit : 0;
    } else {
      for (int i = 0; i < info->cols; i++) embed[i] = effective[i];
    }
  }
}

#define TASK_ROWS 32
#define LATENT_LIMIT 3.0f /* largest latent weight, in mean magnitudes of its row */

typedef void RowTask(Trainer *t, int tensor, int first, int count, const float *schedule);

/* Runs `work` over blocks of rows of all tensors (or of the weights alone) as tasks. */
static void for_row_tasks(Trainer *t, RowTask *work, int weights_only, const float *schedule) {
  for (int task = take_task(t), seen = 0, tensor = 0; tensor < t->tensors; task = take_task(t)) {
    for (; tensor < t->tensors; tensor++) {
      const Tensor *info = &t->tensor[tensor];
      if (weights_only && !info->is_weight) continue;
      const int rows = info->groups * info->group_stride, tasks = ROUND_UP(rows, TASK_ROWS) / TASK_ROWS;
      if (task < seen + tasks) {
        const int first = (task - seen) * TASK_ROWS;
        work(t, tensor, first, rows - first < TASK_ROWS ? rows - first : TASK_ROWS, schedule);
        break;
      }
      seen += tasks;
    }
  }
}

static void phase_prepare(Trainer *t) { for_row_tasks(t, prepare_rows, 0, 0); }

/* All panels of B as one task; eight packings a layer at most, so the tasks are small enough. */
static void pack_all(int k, int n, const float *b, int row_stride, int col_stride, float *out) {
  pack_b(k, n, b, row_stride, col_stride, out, 0, ROUND_UP(n, NR) / NR);
}

static void phase_pack(Trainer *t) {
  const int hp = t->hp, dp = t->dp, vp = t->vp, layers = t->c.layers;
  for (int task = take_task(t); task < 4 * layers + 4; task = take_task(t)) {
    const int l = task / 4;
    if (l < layers) {
      const int k = l ? hp : dp;
      const float *w_ih = at(t, t->effective, tensor_layer(l)), *w_hh = at(t, t->effective, tensor_layer(l) + 1);
      PackedLayer *packed = &t->packed[l];
      switch (task % 4) {
        case 0: pack_all(hp, 3 * hp, w_hh, 1, hp, packed->forward_hh); break;
        case 1: pack_all(3 * hp, hp, w_hh, hp, 1, packed->backward_hh); break;
        case 2: pack_all(k, 3 * hp, w_ih, 1, k, packed->forward_ih); break;
        case 3: pack_all(3 * hp, k, w_ih, k, 1, packed->backward_ih); break;
      }
      continue;
    }
    const float *w = at(t, t->effective, tensor_head(t));
    switch (task % 4) {
      case 0: pack_all(hp, vp, w, 1, hp, t->forward_head); break;
      case 1: pack_all(vp, hp, w, hp, 1, t->backward_head); break;
      case 2: pack_all(vp, dp, t->embed_in, dp, 1, t->packed_embed); break;
      case 3: {
        const float *bias = at(t, t->effective, tensor_head_bias(t));
        for (int i = 0; i < vp; i++) t->head_bias[i] = i < t->c.vocab ? bias[i] : -1e30f;
        break;
      }
    }
  }
}

#define TABLE_ROWS 16

/* table (V, 3Hp) = embeddings · W_ihᵀ + b_ih */
static void phase_table(Trainer *t) {
  const int g = 3 * t->hp, dp = t->dp;
  for (int first = take_task(t) * TABLE_ROWS; first < t->vp; first = take_task(t) * TABLE_ROWS) {
    const int rows = t->vp - first < TABLE_ROWS ? t->vp - first : TABLE_ROWS;
    gemm(rows, g, dp, t->embed_in + (size_t)first * dp, dp, 1, t->packed[0].forward_ih, t->table + (size_t)first * g, g,
         at(t, t->effective, tensor_layer(0) + 2));
  }
}

/* Sums over the shards, in the shards' order, of a run of floats. */
static void sum_shards(Trainer *t, float *to, int from_table, size_t first, size_t count) {
  for (size_t i = first; i < first + count; i += VW) {
    vf sum = splat(0.0f);
    for (int s = 0; s < t->c.shards; s++)
      sum += load((from_table ? t->shard[s].dtable : t->shard[s].grad) + i);
    store(to + i, sum);
  }
}

static void phase_reduce(Trainer *t) {
  const size_t p = (size_t)t->parameters, table = t->use_table ? (size_t)t->c.vocab * 3 * t->hp : 0;
  const size_t p_tasks = ROUND_UP(p, BLOCK) / BLOCK, all = p_tasks + ROUND_UP(table, BLOCK) / BLOCK;
  for (size_t task = (size_t)take_task(t); task < all; task = (size_t)take_task(t)) {
    const int in_table = task >= p_tasks;
    const size_t first = (in_table ? task - p_tasks : task) * BLOCK, end = in_table ? table : p;
    sum_shards(t, in_table ? t->dtable : t->grad, in_table, first, end - first < BLOCK ? end - first : BLOCK);
  }
}

/* What follows from the table's gradient: embedding (V rows), W_ih (3Hp rows) and b_ih. */
static void phase_table_gradient(Trainer *t) {
  const int g = 3 * t->hp, dp = t->dp, v = t->c.vocab;
  const int embed_tasks = ROUND_UP(v, TABLE_ROWS) / TABLE_ROWS, weight_tasks = ROUND_UP(g, TABLE_ROWS) / TABLE_ROWS;
  for (int task = take_task(t); task < embed_tasks + weight_tasks + 1; task = take_task(t)) {
    if (task < embed_tasks) {
      const int first = task * TABLE_ROWS, rows = v - first < TABLE_ROWS ? v - first : TABLE_ROWS;
      gemm_add(rows, dp, g, t->dtable + (size_t)first * g, g, 1, t->packed[0].backward_ih,
               at(t, t->grad, 0) + (size_t)first * dp, dp);
    } else if (task < embed_tasks + weight_tasks) {
      const int first = (task - embed_tasks) * TABLE_ROWS, rows = g - first < TABLE_ROWS ? g - first : TABLE_ROWS;
      /* packed_embed has Vp rows; those past V are zero, and so are the table's */
      gemm(rows, dp, t->vp, t->dtable + first, 1, g, t->packed_embed,
           at(t, t->grad, tensor_layer(0)) + (size_t)first * dp, dp, 0);
    } else {
      float *sums = at(t, t->grad, tensor_layer(0) + 2);
      for (int j = 0; j < g; j++) sums[j] = 0;
      for (int i = 0; i < v; i++)
        for (int j = 0; j < g; j++) sums[j] += t->dtable[(size_t)i * g + j];
    }
  }
}

static void phase_norm(Trainer *t) {
  const int blocks = ROUND_UP(t->parameters, BLOCK) / BLOCK;
  for (int block = take_task(t); block < blocks; block = take_task(t)) {
    const int first = block * BLOCK, end = first + BLOCK < t->parameters ? first + BLOCK : t->parameters;
    vf sum = splat(0.0f);
    for (int i = first; i < end; i += VW) sum += load(t->grad + i) * load(t->grad + i);
    t->partial[block] = hsum(sum);
  }
}

static float gradient_norm(const Trainer *t) {
  const int blocks = ROUND_UP(t->parameters, BLOCK) / BLOCK;
  double sum = 0;
  for (int i = 0; i < blocks; i++) sum += t->partial[i];
  return __builtin_sqrtf((float)sum);
}

INLINE vf sqrt_(vf x) {
#ifdef __wasm__
  return __builtin_wasm_sqrt_f32x4(x);
#else
  vf out = x;
  for (int i = 0; i < VW; i++) out[i] = __builtin_sqrtf(x[i]);
  return out;
#endif
}

/*
 * Ternary rows. Only two things of a row are seen by the forward pass: its pattern of signs, which depends on the latent
 * weights relative to each other, and its scale. So they are trained apart: the latent weights move by Adam's step in units of
 * the row's mean magnitude (latent_rate), and the row is then multiplied so that its scale makes a step of its own, by Adam on the
 * logarithm of the scale, d loss / d log s = s · Σ g_i · sign_i. Without this the growth of the latent weights slowly freezes the pattern:
 * on TinyStories it costs 0.04 bits per byte.
 */
static void update_ternary_rows(Trainer *t, int tensor, int first, int count, const float *schedule) {
  const Config *c = &t->c;
  const Tensor *info = &t->tensor[tensor];
  const int n = info->cols;
  const float norm = gradient_norm(t), clip = norm > c->clip ? c->clip / norm : 1.0f;
  const float lr = schedule[0], correct1 = 1.0f / schedule[1], correct2 = 1.0f / schedule[2];
  /* An embedding's activations end at 127 (SPEC.md 3.1): beyond, a scale would grow without any effect, and without end. */
  const int ends = tensor == tensor_embed() && !c->tied && c->quantize_activations;
  const float largest = ends ? 127.0f / (float)(1 << c->embed_frac) : __builtin_inff();
  for (int row = first; row < first + count; row++) {
    const size_t at_row = (size_t)info->offset + (size_t)row * info->stride;
    float *w = t->weight + at_row, *m = t->moment1 + at_row, *v = t->moment2 + at_row;
    const float *g = t->grad + at_row, *effective = t->effective + at_row;
    float *scale_m = t->scale_moment1 + info->row_offset + row, *scale_v = t->scale_moment2 + info->row_offset + row;
    const Ternary before = measure_row(t, w, n);
    if (before.mean == 0) continue; /* padding */
    float g_scale = 0;
    for (int i = 0; i < n; i++) g_scale += effective[i] > 0 ? g[i] : effective[i] < 0 ? -g[i] : 0;
    g_scale *= clip * before.scale;
    *scale_m = c->beta1 * *scale_m + (1.0f - c->beta1) * g_scale;
    *scale_v = c->beta2 * *scale_v + (1.0f - c->beta2) * g_scale * g_scale;
    const float scale_step = (*scale_m * correct1) / (__builtin_sqrtf(*scale_v * correct2) + c->epsilon);
    const float step = lr * c->latent_rate * before.mean, widest = LATENT_LIMIT * before.mean;
    for (int i = 0; i < n; i++) {
      const float gradient = g[i] * clip;
      m[i] = c->beta1 * m[i] + (1.0f - c->beta1) * gradient;
      v[i] = c->beta2 * v[i] + (1.0f - c->beta2) * gradient * gradient;
      const float moved = w[i] - step * (m[i] * correct1) / (__builtin_sqrtf(v[i] * correct2) + c->epsilon);
      w[i] = moved > widest ? widest : moved < -widest ? -widest : moved;
    }
    const Ternary after = measure_row(t, w, n);
    if (after.scale == 0) continue;
    float scale = before.scale * (1.0f - lr * scale_step);
    if (scale > largest) scale = largest;
    const float factor = scale / after.scale;
    for (int i = 0; i < n; i++) w[i] *= factor;
  }
}

static void phase_update_ternary(Trainer *t, const float *schedule) {
  for_row_tasks(t, update_ternary_rows, 1, schedule);
}

/* AdamW (Loshchilov and Hutter 2019) on biases, and on weights that are not ternary, after clipping the gradient's global norm. */
static void phase_update(Trainer *t, const float *schedule) {
  const Config *c = &t->c;
  const float norm = gradient_norm(t), clip = norm > c->clip ? c->clip / norm : 1.0f;
  const float lr = schedule[0], correct1 = 1.0f / schedule[1], correct2 = 1.0f / schedule[2];
  const int blocks = ROUND_UP(t->parameters, BLOCK) / BLOCK;
  for (int block = take_task(t); block < blocks; block = take_task(t)) {
    const int first = block * BLOCK, end = first + BLOCK < t->parameters ? first + BLOCK : t->parameters;
    for (int tensor = 0; tensor < t->tensors; tensor++) {
      const Tensor *info = &t->tensor[tensor];
      if (c->ternary && info->is_weight) continue;
      const int from = info->offset > first ? info->offset : first;
      const int after = info->offset + info->groups * info->group_stride * info->stride;
      const int to = after < end ? after : end;
      const float keep = 1.0f - (info->is_weight ? lr * c->weight_decay : 0.0f);
      for (int i = from; i < to; i += VW) {
        vf g = load(t->grad + i) * clip;
        vf m = c->beta1 * load(t->moment1 + i) + (1.0f - c->beta1) * g;
        vf v = c->beta2 * load(t->moment2 + i) + (1.0f - c->beta2) * g * g;
        store(t->moment1 + i, m);
        store(t->moment2 + i, v);
        vf update = (m * correct1) / (sqrt_(v * correct2) + c->epsilon);
        store(t->weight + i, load(t->weight + i) * keep - lr * update);
      }
    }
  }
}

static void prepare(Trainer *t) {
  phase_prepare(t);
  barrier(t);
  phase_pack(t);
  barrier(t);
  if (t->use_table) {
    phase_table(t);
    barrier(t);
  }
}

static void run_shards(Trainer *t, int position, int train) {
  for (int s = take_task(t); s < t->c.shards; s = take_task(t))
    shard_forward_backward(t, &t->shard[s], s, position, train);
  barrier(t);
}

/* nats and counted tokens of all shards, in the shards' order. */
static double sum_nats(const Trainer *t, double *count) {
  double nats = 0;
  *count = 0;
  for (int s = 0; s < t->c.shards; s++) {
    nats += t->shard[s].nats;
    *count += (double)t->shard[s].count;
  }
  return nats;
}

/*
 * Runs up to `steps` training steps from `position` in the data buffers; called by every worker with the same
 * arguments. Stops early, on a step's border, when the caller sets `stop`. Steps done are left in `done`.
 * With update = 0 the gradients are computed and left for a look, and nothing is changed.
 */
EXPORT(trainer_run) void trainer_run(Trainer *t, int worker, int position, int steps, int update) {
  for (int step = 0; step < steps; step++) {
    /* every worker must take the same decision: worker 0 takes it before the barrier that all pass */
    if (worker == 0) t->done = __atomic_load_n(&t->stop, __ATOMIC_ACQUIRE) ? -1 - step : step;
    barrier(t);
    if (t->done < 0) break;
    prepare(t);
    run_shards(t, position + step * t->c.segment, 1);
    phase_reduce(t);
    barrier(t);
    if (t->use_table) {
      phase_table_gradient(t);
      barrier(t);
    }
    phase_norm(t);
    barrier(t);
    if (worker == 0) {
      double count;
      double nats = sum_nats(t, &count);
      t->stats[step * 2] = count > 0 ? (float)(nats / count) : 0;
      t->stats[step * 2 + 1] = gradient_norm(t);
    }
    if (update) {
      phase_update(t, t->schedule + step * 3);
      barrier(t);
      if (t->c.ternary) {
        phase_update_ternary(t, t->schedule + step * 3);
        barrier(t);
      }
    }
  }
  barrier(t); /* not before every worker has read the decision above */
  if (worker == 0) t->done = t->done < 0 ? -1 - t->done : steps;
}

/* Sums nats and tokens over `segments` segments of the data buffers into `totals`; changes nothing but the carried state. */
EXPORT(trainer_evaluate) void trainer_evaluate(Trainer *t, int worker, int segments) {
  if (worker == 0) t->totals[0] = t->totals[1] = 0;
  barrier(t);
  prepare(t);
  for (int i = 0; i < segments; i++) {
    run_shards(t, i * t->c.segment, 0);
    if (worker == 0) {
      double count;
      t->totals[0] += sum_nats(t, &count);
      t->totals[1] += count;
    }
    barrier(t);
  }
}
