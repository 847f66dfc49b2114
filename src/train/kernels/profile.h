/*
 * Where the time goes, in a build with TLM_PROFILE (bench/): mark(x) adds what has passed since the last mark to x. One worker only.
 */
#ifndef TLM_TRAIN_PROFILE_H
#define TLM_TRAIN_PROFILE_H

enum {
  IN_PRODUCTS,
  IN_CELL,
  IN_SOFTMAX,
  IN_SCATTER,
  IN_WEIGHTS,
  IN_REDUCTION,
  IN_OPTIMIZER,
  IN_BARRIER,
  PROFILE_PARTS
};
#ifdef TLM_PROFILE
void mark(int part);
#else
static inline void mark(int part) { (void)part; }
#endif

#endif
