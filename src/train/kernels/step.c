/*
 * The step: prepare the effective weights, run the shards, reduce their gradients in a fixed order and apply AdamW.
 * Every phase is a list of tasks that any worker may take; a barrier stands between phases. No sum depends on which worker
 * took which task, so the same seed gives the same weights for any number of workers.
 */
#include "phases.h"

#ifdef __wasm__
static void wait_for_change(int32_t *word, int32_t old) { __builtin_wasm_memory_atomic_wait32(word, old, -1); }
static void wake_all(int32_t *word) { __builtin_wasm_memory_atomic_notify(word, 0x7fffffff); }
#else
#include <sched.h>
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

static void prepare(Trainer *t) {
  phase_prepare(t);
  barrier(t);
  phase_pack(t);
  barrier(t);
  mark(IN_WEIGHTS);
  if (t->table.used) {
    phase_table(t);
    barrier(t);
    mark(IN_PRODUCTS);
  }
}

static void run_shards(Trainer *t, int position, int train) {
  for (int s = take_task(t); s < t->c.shards; s = take_task(t))
    shard_forward_backward(t, &t->shard[s], s, position, train);
  barrier(t);
  mark(IN_BARRIER);
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
 * Whether segments lie within the data, and their tokens within the vocabulary. Every worker looks, before the first barrier, and all
 * come to the same answer; that is a thousandth of a step's work.
 */
static int check_call(const Trainer *t, int worker, int position, int segments) {
  const Config *c = &t->c;
  if (worker < 0 || worker >= t->workers) return ANSWER_WORKER;
  if (segments < 0) return ANSWER_STEPS;
  if (position < 0 || (int64_t)position + (int64_t)segments * c->segment > c->stream) return ANSWER_PLACE;
  for (int lane = 0; lane < c->lanes; lane++) {
    const size_t from = (size_t)lane * c->stream + position;
    int largest = 0;
    for (int i = 0; i < segments * c->segment; i++) {
      const int input = t->inputs[from + i], target = t->targets[from + i] == IGNORE ? 0 : t->targets[from + i];
      largest = input > largest ? input : largest;
      largest = target > largest ? target : largest;
    }
    if (largest >= c->vocab) return ANSWER_TOKEN;
  }
  return ANSWER_OK;
}

/*
 * Runs up to `steps` training steps from `position` in the data buffers; called by every worker with the same
 * arguments. Stops early, on a step's border, when the caller sets `stop`. Steps done are left in `done`.
 * With update = 0 the gradients are computed and left for a look, and nothing is changed.
 */
EXPORT(trainer_run) int trainer_run(Trainer *t, int worker, int position, int steps, int update) {
  if (steps > t->c.chunk) return ANSWER_STEPS;
  const int answer = check_call(t, worker, position, steps);
  if (answer != ANSWER_OK) return answer;
  for (int step = 0; step < steps; step++) {
    /* every worker must take the same decision: worker 0 takes it before the barrier that all pass */
    if (worker == 0) t->done = __atomic_load_n(&t->stop, __ATOMIC_ACQUIRE) ? -1 - step : step;
    barrier(t);
    mark(IN_BARRIER);
    if (t->done < 0) break;
    prepare(t);
    run_shards(t, position + step * t->c.segment, 1);
    phase_reduce(t);
    barrier(t);
    mark(IN_REDUCTION);
    if (t->table.used) {
      phase_table_gradient(t);
      barrier(t);
      mark(IN_PRODUCTS);
    }
    phase_norm(t);
    barrier(t);
    mark(IN_REDUCTION);
    if (worker == 0) {
      double count;
      double nats = sum_nats(t, &count);
      t->stats[step * 2] = count > 0 ? (float)(nats / count) : 0;
      t->stats[step * 2 + 1] = gradient_norm(t);
    }
    if (update) {
      for (int phase = 0; phase < muon_phases(t); phase++) {
        phase_muon(t, phase);
        barrier(t);
      }
      phase_update(t, t->schedule + step * 3);
      barrier(t);
      mark(IN_OPTIMIZER);
    }
  }
  barrier(t); /* not before every worker has read the decision above */
  if (worker == 0) t->done = t->done < 0 ? -1 - t->done : steps;
  return ANSWER_OK;
}

/* Sums nats and tokens over `segments` segments of the data buffers into `totals`; changes nothing but the carried state. */
EXPORT(trainer_evaluate) int trainer_evaluate(Trainer *t, int worker, int segments) {
  const int answer = check_call(t, worker, 0, segments);
  if (answer != ANSWER_OK) return answer;
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
  return ANSWER_OK;
}

/* The kernels' exponential of one number, for the test of its error. */
EXPORT(trainer_exp) float trainer_exp(float x) { return exp_(splat(x))[0]; }
