/* The parts of a step that all workers share, each a list of tasks, and what layers need of them. */
#ifndef TLM_TRAIN_PHASES_H
#define TLM_TRAIN_PHASES_H

#include "trainer.h"

#define BLOCK 2048 /* floats a task of the optimizer */

/* Work on `count` rows of a tensor. */
typedef void RowTask(Trainer *t, int tensor, int first, int count, const float *schedule);

/* weights.c: from latent weights to what the shards read. */
typedef struct {
  float mean, limit, scale;
} Ternary;
Ternary ternary_of_row(const Trainer *t, const Tensor *info, const float *w);
int largest_level(int trits);
void for_row_tasks(Trainer *t, RowTask *work, int task, int first_task, int weights_only, const float *schedule);
void phase_prepare(Trainer *t);
void phase_pack(Trainer *t);

/* Room for a (N, K) matrix as products want it, and its packing once a step. */
ForwardWeights take_forward(const Trainer *t, Arena *arena, int k, int n);
BackwardWeights take_backward(const Trainer *t, Arena *arena, int tensor, int k, int n);
void pack_forward(const Trainer *t, int tensor, int k, int n, float unit, const ForwardWeights *to);
void pack_backward(const Trainer *t, int tensor, int k, int n, int from, const BackwardWeights *to);

/* optimizer.c */
void lay_out_optimizer(Trainer *t, Arena *arena);
void phase_reduce(Trainer *t);
void phase_norm(Trainer *t);
void phase_update(Trainer *t, const float *schedule);
float gradient_norm(const Trainer *t);

/* muon.c: what `direction` holds after all its phases, with a barrier behind each, update_ternary_rows takes instead of Adam's step. */
void lay_out_muon(Trainer *t, Arena *arena);
int moves_by_muon(const Trainer *t, int tensor);
int muon_phases(const Trainer *t);
void phase_muon(Trainer *t, int phase);

/* step.c: called by every worker with the same arguments; an answer of abi.h. */
int trainer_run(Trainer *t, int worker, int position, int steps, int update);
int trainer_evaluate(Trainer *t, int worker, int segments);

#endif
