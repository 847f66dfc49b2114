/*
 * Forward and backward pass of one shard (some lanes of the batch) over one segment.
 *
 * Both directions go block by block (some steps of all lanes) through all layers, so that what one layer hands to the next, logits and
 * the gradients of gates among it, stays in the second-level cache.
 */
#include "phases.h"

/* The state of the first step is the one carried over; without `in`, what the segment leaves is carried on. */
static void carry_states(const Trainer *t, Shard *s, int in) {
  for (int l = 0; l < t->c.layers; l++)
    if (t->layer[l].kind->carry) t->layer[l].kind->carry(t, s, &t->layer[l], in);
}

void shard_forward_backward(Trainer *t, Shard *s, int shard, int position, int train) {
  const int steps = t->block_steps, segment = t->c.segment;
  Block b = {t, s, shard, position, 0, 0};
  s->nats = 0;
  s->count = 0;
  if (train) {
    zero_floats(s->grad, (size_t)t->p.floats);
    if (t->table.used) zero_floats(s->dtable, (size_t)t->c.vocab * 3 * t->layer[0].padded);
  }
  mark(IN_REDUCTION);
  carry_states(t, s, 1);
  for (b.first = 0; b.first < segment; b.first += steps) {
    b.count = segment - b.first < steps ? segment - b.first : steps;
    if (!t->table.used) sources_forward(&b);
    for (int l = 0; l < t->c.layers; l++) t->layer[l].kind->forward(&b, &t->layer[l]);
    if (!train) head_loss(&b, 0);
  }
  carry_states(t, s, 0);
  if (!train) return;
  for (b.first = (segment - 1) / steps * steps; b.first >= 0; b.first -= steps) {
    b.count = segment - b.first < steps ? segment - b.first : steps;
    head_loss(&b, 1);
    for (int l = t->c.layers - 1; l >= 0; l--) t->layer[l].kind->backward(&b, &t->layer[l]);
    if (!t->table.used) sources_backward(&b);
  }
}
