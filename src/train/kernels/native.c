/* The threads of a native build. In WebAssembly the host has them, and this file is empty. */
#include "phases.h"

#ifndef __wasm__
#include <pthread.h>

typedef struct {
  Trainer *t;
  int worker, position, steps, update, segments, answer;
} Job;

static void *do_job(void *argument) {
  Job *job = argument;
  job->answer = job->segments >= 0 ? trainer_evaluate(job->t, job->worker, job->segments)
                                   : trainer_run(job->t, job->worker, job->position, job->steps, job->update);
  return 0;
}

/*
 * One call for all workers: the caller's thread is the first, the others are started and joined (some 20 microseconds each, once in
 * sixteen steps). When the system has no more threads to give, the work is shared by those there are.
 */
static int all_workers(Job job) {
  Trainer *t = job.t;
  const int wanted = t->workers;
  pthread_t thread[MAX_SHARDS];
  Job jobs[MAX_SHARDS];
  int started = 1;
  for (; started < wanted; started++) {
    jobs[started] = job;
    jobs[started].worker = started;
    if (pthread_create(&thread[started], 0, do_job, &jobs[started]) != 0) break;
  }
  /* Nobody has passed the first barrier yet: the caller is missing in it. */
  __atomic_store_n(&t->workers, started, __ATOMIC_RELEASE);
  do_job(&job);
  for (int i = 1; i < started; i++) pthread_join(thread[i], 0);
  t->workers = wanted;
  return job.answer;
}

EXPORT(native_run) int native_run(Trainer *t, int position, int steps, int update) {
  return all_workers((Job){t, 0, position, steps, update, -1, 0});
}

EXPORT(native_evaluate) int native_evaluate(Trainer *t, int segments) {
  return all_workers((Job){t, 0, 0, 0, 0, segments < 0 ? INT32_MAX : segments, 0});
}

EXPORT(native_vector_floats) int native_vector_floats(void) { return VW; }
#endif
