/* From the shards' gradients to new weights: reduction, norm, AdamW, and the two-part update of ternary rows. */
#include "phases.h"

#define LATENT_LIMIT 3.0f /* largest latent weight, in mean magnitudes of its row */

void lay_out_optimizer(Trainer *t, Arena *arena) {
  t->partial = take_floats(arena, (uint64_t)t->p.floats / BLOCK + 1 + MAX_NGRAMS);
}

/* Sums over the shards, in the shards' order, of a run of floats. */
static void sum_shards(Trainer *t, float *to, int from_table, size_t first, size_t count) {
  for (size_t i = first; i < first + count; i += VW) {
    vf sum = splat(0.0f);
    for (int s = 0; s < t->c.shards; s++) sum += load((from_table ? t->shard[s].dtable : t->shard[s].grad) + i);
    store(to + i, sum);
  }
}

void phase_reduce(Trainer *t) {
  const size_t p = (size_t)t->p.floats, table = t->table.used ? (size_t)t->c.vocab * 3 * t->layer[0].padded : 0;
  const size_t p_tasks = ROUND_UP(p, BLOCK) / BLOCK, all = p_tasks + ROUND_UP(table, BLOCK) / BLOCK;
  for (size_t task = (size_t)take_task(t); task < all + (size_t)t->c.ngrams; task = (size_t)take_task(t)) {
    if (task >= all) {
      gather_ngram(t, (int)(task - all));
      continue;
    }
    const int in_table = task >= p_tasks;
    const size_t first = (in_table ? task - p_tasks : task) * BLOCK, end = in_table ? table : p;
    sum_shards(t, in_table ? t->table.drows : t->p.grad, in_table, first, end - first < BLOCK ? end - first : BLOCK);
  }
}

void phase_norm(Trainer *t) {
  const int blocks = ROUND_UP(t->p.floats, BLOCK) / BLOCK;
  for (int block = take_task(t); block < blocks + t->c.ngrams; block = take_task(t)) {
    if (block >= blocks) {
      t->partial[block] = squared_norm_of_ngram(t, block - blocks);
      continue;
    }
    const int first = block * BLOCK, end = first + BLOCK < t->p.floats ? first + BLOCK : t->p.floats;
    vf sum = splat(0.0f);
    for (int i = first; i < end; i += VW) sum = fma_(load(t->p.grad + i), load(t->p.grad + i), sum);
    t->partial[block] = hsum(sum);
  }
}

float gradient_norm(const Trainer *t) {
  const int blocks = ROUND_UP(t->p.floats, BLOCK) / BLOCK;
  double sum = 0;
  for (int i = 0; i < blocks + t->c.ngrams; i++) sum += t->partial[i];
  return __builtin_sqrtf((float)sum);
}

/* Scalars of a step. */
typedef struct {
  float clip, rate, correct1, correct2;
} Step;

static Step step_of(const Trainer *t, const float *schedule) {
  const float norm = gradient_norm(t);
  return (Step){norm > t->c.clip ? t->c.clip / norm : 1.0f, schedule[0], 1.0f / schedule[1], 1.0f / schedule[2]};
}

/* Adam's step of VW elements, in units of the rate: moments are averaged and stored. */
INLINE vf adam(const Config *c, const Step *step, const float *grad, float *moment1, float *moment2) {
  vf g = load(grad) * step->clip;
  vf m = c->beta1 * load(moment1) + (1.0f - c->beta1) * g;
  vf v = c->beta2 * load(moment2) + (1.0f - c->beta2) * g * g;
  store(moment1, m);
  store(moment2, v);
  return (m * step->correct1) / (sqrt_(v * step->correct2) + c->epsilon);
}

/*
 * Ternary rows. Only two things of a row are seen by the forward pass: its pattern of levels, which depends on the latent weights
 * relative to each other, and its scale. So they are trained apart: the latent weights move by Adam's step, or by Muon's, in units of
 * the row's mean magnitude (latent_rate), and the row is then multiplied so that its scale makes a step of its own, by Adam on the logarithm of the
 * scale, d loss / d log s = s · Σ g_i · level_i. Without this the growth of the latent weights slowly freezes the pattern:
 * on TinyStories it costs 0.04 bits per byte.
 */
static void update_ternary_rows(Trainer *t, int tensor, int first, int count, const float *schedule) {
  const Config *c = &t->c;
  const Tensor *info = &t->p.tensor[tensor];
  const int n = info->stride, muon = moves_by_muon(t, tensor);
  const Step step = step_of(t, schedule);
  /* An embedding's activations end at 127 (SPEC.md 3.1): beyond, a scale would grow without any effect, and without end. */
  const int ends =
      tensor == tensor_of(&t->sources.embedding, MODEL_EMBED_WEIGHT) && !c->tied && c->quantize_activations;
  const float largest =
      ends ? 127.0f / (float)(1 << c->embed_frac) / (float)largest_level(info->trits) : __builtin_inff();
  for (int row = first; row < first + count; row++) {
    const size_t at_row = (size_t)info->offset + (size_t)row * n;
    float *w = t->p.weight + at_row, *m = t->p.moment1 + at_row, *v = t->p.moment2 + at_row;
    const float *g = t->p.grad + at_row, *effective = t->p.effective + at_row, *direction = t->muon.direction + at_row;
    const float mean = row_values(&t->p, t->p.row_mean, tensor)[row],
                scale = row_values(&t->p, t->p.row_scale, tensor)[row];
    if (mean == 0) continue; /* padding */
    vf along = splat(0.0f);  /* effective = s · level */
    for (int i = 0; i < n; i += VW) along = fma_(load(g + i), load(effective + i), along);
    const float g_scale = step.clip * hsum(along);
    float *scale_m = row_values(&t->p, t->p.scale_moment1, tensor) + row,
          *scale_v = row_values(&t->p, t->p.scale_moment2, tensor) + row;
    *scale_m = c->beta1 * *scale_m + (1.0f - c->beta1) * g_scale;
    *scale_v = c->beta2 * *scale_v + (1.0f - c->beta2) * g_scale * g_scale;
    const float scale_step = (*scale_m * step.correct1) / (__builtin_sqrtf(*scale_v * step.correct2) + c->epsilon);
    const vf move = splat(step.rate * c->latent_rate * mean), widest = splat(LATENT_LIMIT * mean);
    for (int i = 0; i < n; i += VW) {
      vf moved = load(w + i) - move * (muon ? load(direction + i) : adam(c, &step, g + i, m + i, v + i));
      store(w + i, max_(min_(moved, widest), -widest));
    }
    const Ternary after = ternary_of_row(t, info, w);
    if (after.scale == 0) continue;
    float wanted = scale * (1.0f - step.rate * scale_step);
    if (wanted > largest) wanted = largest;
    const vf factor = splat(wanted / after.scale);
    for (int i = 0; i < n; i += VW) store(w + i, load(w + i) * factor);
  }
}

/* AdamW (Loshchilov and Hutter 2019) of one block of the parameters: biases, and weights that are not ternary. */
static void update_block(Trainer *t, int block, const float *schedule) {
  const Config *c = &t->c;
  const Step step = step_of(t, schedule);
  const int first = block * BLOCK, end = first + BLOCK < t->p.floats ? first + BLOCK : t->p.floats;
  for (int tensor = 0; tensor < t->p.tensors; tensor++) {
    const Tensor *info = &t->p.tensor[tensor];
    if ((c->ternary && is_weight(info)) || info->table || info->role == MODEL_ROLE_SCALE) continue;
    const int after = info->offset + info->groups * info->group_stride * info->stride;
    const int from = info->offset > first ? info->offset : first, to = after < end ? after : end;
    const float keep = 1.0f - (is_weight(info) ? step.rate * c->weight_decay : 0.0f);
    for (int i = from; i < to; i += VW) {
      vf update = adam(c, &step, t->p.grad + i, t->p.moment1 + i, t->p.moment2 + i);
      store(t->p.weight + i, load(t->p.weight + i) * keep - step.rate * update);
    }
  }
}

/* Adam's step of one number; its moments are averaged and stored. */
INLINE float adam_1(const Config *c, const Step *step, float gradient, float *moment1, float *moment2) {
  const float g = gradient * step->clip;
  *moment1 = c->beta1 * *moment1 + (1.0f - c->beta1) * g;
  *moment2 = c->beta2 * *moment2 + (1.0f - c->beta2) * g * g;
  return (*moment1 * step->correct1) / (__builtin_sqrtf(*moment2 * step->correct2) + c->epsilon);
}

/*
 * Rows of an n-gram table that this step touched, from `first` on: Adam whose moments stand still in steps that do not touch a row (as
 * PyTorch's SparseAdam). A row moves in units of the table's scale, by as much as another ternary row whose mean magnitude lies
 * where the step between two levels says. The scale moves as those of ternary rows do.
 */
static void update_touched(Trainer *t, Ngram *n, int first, const float *schedule) {
  const Config *c = &t->c;
  const Step step = step_of(t, schedule);
  const int tensor = tensor_of(&n->part, MODEL_NGRAM_WEIGHT), trits = t->p.tensor[tensor].trits;
  const float unit = trits == 1 ? 1.0f : 1.0f / (trits == 2 ? c->step2 : c->step3),
              move = step.rate * c->latent_rate * unit;
  const float widest = n->levels ? (float)n->levels + 0.5f : __builtin_inff();
  const int end = first + TOUCHED_ROWS < n->touched ? first + TOUCHED_ROWS : n->touched;
  for (int i = first; i < end; i++) {
    const size_t from = (size_t)t->p.tensor[tensor].offset + (size_t)n->rows[i] * n->width;
    for (int j = 0; j < n->width; j++) {
      float *w = &t->p.weight[from + j];
      *w -=
          move * adam_1(c, &step, n->grad[(size_t)i * n->width + j], &t->p.moment1[from + j], &t->p.moment2[from + j]);
      if (*w > widest) *w = widest;
      if (*w < -widest) *w = -widest;
    }
  }
  if (first > 0) return;
  const int at_scale = t->p.tensor[tensor_of(&n->part, MODEL_NGRAM_SCALE)].offset;
  float *scale = &t->p.weight[at_scale];
  *scale *= 1.0f - step.rate *
                       adam_1(c, &step, *scale * t->p.grad[at_scale], &t->p.moment1[at_scale], &t->p.moment2[at_scale]);
  const float most =
      n->levels && c->quantize_activations ? 127.0f / (float)(1 << c->embed_frac) / (float)n->levels : __builtin_inff();
  if (*scale > most) *scale = most;
}

/* Clips the gradient's global norm and updates all parameters. */
void phase_update(Trainer *t, const float *schedule) {
  const int blocks = ROUND_UP(t->p.floats, BLOCK) / BLOCK;
  int task = take_task(t);
  int seen = blocks;
  for (; task < blocks; task = take_task(t)) update_block(t, task, schedule);
  for (int i = 0; i < t->c.ngrams; i++) {
    Ngram *n = &t->sources.ngram[i];
    const int tasks = ROUND_UP(n->touched, TOUCHED_ROWS) / TOUCHED_ROWS;
    for (; task < seen + tasks; task = take_task(t)) update_touched(t, n, (task - seen) * TOUCHED_ROWS, schedule);
    seen += tasks;
  }
  if (t->c.ternary) for_row_tasks(t, update_ternary_rows, task, seen, 1, schedule);
}
