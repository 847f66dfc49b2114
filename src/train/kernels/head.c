/* Logits of the last layer's output, cross-entropy, and its gradient. */
#include "head.h"
#include "norm.h"
#include "phases.h"

void add_head(Trainer *t, Signal in) {
  const Config *c = &t->c;
  const Sizes sizes = {{[MODEL_OF_ONE] = 1, [MODEL_OF_VOCAB] = c->vocab, [MODEL_OF_INPUT] = in.width}};
  Head *head = &t->head;
  head->in = in;
  head->vp = PADDED(c->vocab);
  head->part = add_part(&t->p, c, MODEL_RULES_HEAD, MODEL_RULE_COUNT_HEAD, &sizes, in.stream);
  head->weight =
      c->tied ? tensor_of(&t->sources.embedding, MODEL_EMBED_WEIGHT) : tensor_of(&head->part, MODEL_FC_WEIGHT);
}

void lay_out_head(Trainer *t, Arena *arena) {
  Head *head = &t->head;
  if (head->in.stream) at_least(&t->product_floats, head->in.padded);
  head->bias = take_floats(arena, (uint64_t)head->vp);
  head->forward = take_forward(t, arena, head->in.padded, head->vp);
  head->backward = take_backward(t, arena, head->weight, head->vp, head->in.padded);
}

void lay_out_head_shard(Trainer *t, Shard *s, Arena *arena) {
  if (t->head.in.stream) lay_out_normed(t, &s->head.input, t->block_rows, t->head.in.width, arena);
  lay_out_cache_shard(t, s, arena);
  s->head.logits = take_floats(arena, (uint64_t)t->block_rows * SKEWED(t->head.vp));
}

void pack_head(const Trainer *t, int task) {
  const Head *head = &t->head;
  switch (task) {
    case 0: pack_forward(t, head->weight, head->in.padded, head->vp, head->in.unit, &head->forward); break;
    case 1: pack_backward(t, head->weight, head->vp, head->in.padded, 0, &head->backward); break;
    case 2: {
      const float *bias = at(&t->p, t->p.effective, tensor_of(&head->part, MODEL_FC_BIAS));
      for (int i = 0; i < head->vp; i++) head->bias[i] = i < t->c.vocab ? bias[i] : -1e30f;
      break;
    }
  }
}

/* From logits to the loss: nats are added to the shard; with `train` the logits become dlogits = (softmax − onehot) · scale. */
static void softmax(const Block *b, int train) {
  const Trainer *t = b->t;
  Shard *s = b->s;
  Cached *cached = &s->head.cached;
  const int cache = tensor_of(&t->head.part, MODEL_CACHE_BIAS),
            cache_stride = cache < 0 ? 0 : t->p.tensor[cache].group_stride;
  const int vp = t->head.vp, v = t->c.vocab, lanes = t->shard_lanes, rows = rows_of_block(b), ld = SKEWED(vp);
  const float scale = 1.0f / ((float)t->c.lanes * (float)t->c.segment);
  double product = 1; /* of the sums of exponentials, each 1 … 4096: one logarithm serves up to 64 of them */
  for (int i = 0; i < rows; i++) {
    float *row = s->head.logits + (size_t)i * ld;
    const int target = lane_tokens(b, t->targets, i % lanes)[b->first + i / lanes];
    if (target == IGNORE) {
      zero_floats(row, vp);
    } else {
      if (cache >= 0) {
        cache_look(t, lane_inputs_from_start(b, i % lanes), b->position + b->first + i / lanes, cached);
        cache_forward(at(&t->p, t->p.effective, cache), cache_stride, cached, row);
      }
      vf best = load(row);
      for (int j = VW; j < vp; j += VW) best = max_(load(row + j), best);
      const float top = hmax(best), at_target = row[target];
      vf sum = splat(0.0f);
      for (int j = 0; j < vp; j += VW) {
        vf e = exp_(load(row + j) - top);
        store(row + j, e);
        sum += e;
      }
      const float total = hsum(sum);
      s->nats += (double)top - (double)at_target;
      s->count++;
      product *= (double)total;
      if (train) {
        const vf factor = splat(scale / total);
        for (int j = 0; j < vp; j += VW) store(row + j, load(row + j) * factor);
        row[target] -= scale;
        for (int j = v; j < vp; j++)
          row[j] = 0; /* e^−87 in the padding would be far below a float's resolution; zero is better */
      }
      if (cache >= 0)
        cache_backward(at(&t->p, s->grad, cache), cache_stride, cached, train && !t->c.cache_held ? row : 0);
    }
    if (i % 64 == 63 || i == rows - 1) {
      s->nats += log_(product);
      product = 1;
    }
  }
  mark(IN_SOFTMAX);
}

void head_loss(const Block *b, int train) {
  const Trainer *t = b->t;
  const Head *head = &t->head;
  Shard *s = b->s;
  const int hp = head->in.padded, vp = head->vp, rows = rows_of_block(b), ld = SKEWED(vp);
  const Rows in = rows_at(s->layer[t->c.layers - 1].out, (size_t)b->first * t->shard_lanes);
  const int gain = tensor_of(&head->part, MODEL_FC_NORM), stream = head->in.stream;
  const float *gains = stream ? at(&t->p, t->p.effective, gain) : 0;
  const Rows x = stream ? norm_forward(b, gains, in.exact, in.exact_ld, &s->head.input, 0) : in;
  forward_product(&head->forward, rows, vp, hp, x.x, x.x16, x.ld, s->head.logits, ld, head->bias);
  mark(IN_PRODUCTS);
  softmax(b, train);
  if (!train) return;
  column_sums(rows, vp, s->head.logits, ld, at(&t->p, s->grad, tensor_of(&head->part, MODEL_FC_BIAS)));
  mark(IN_SOFTMAX);
  backward_product(&head->backward, rows, hp, vp, s->head.logits, ld, stream ? s->products : s->dout, hp, 0);
  weight_gradient(vp, hp, rows, s->head.logits, ld, x.x, x.ld, at(&t->p, s->grad, head->weight), 1);
  mark(IN_PRODUCTS);
  if (stream)
    norm_backward(b, gains, at(&t->p, s->grad, gain), in.exact, in.exact_ld, &s->head.input, 0, s->products, hp,
                  s->dout, hp, 0);
}
