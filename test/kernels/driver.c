/*
 * The trainer's kernels under AddressSanitizer and UndefinedBehaviorSanitizer (test/kernels.test.ts builds and runs this): all kinds of
 * layers, one to three digits a weight, odd sizes, with poisoned gaps between all arrays of the arena; and everything that they
 * have to refuse. Says "ok" and how much it did, or what went wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phases.h"

size_t trainer_bytes(const Config *config);
Trainer *trainer_init(void *base, const Config *config, int workers);
int trainer_check(const Config *config);
int trainer_count(const Trainer *t, int what, int index);
void *trainer_address(Trainer *t, int what, int index);

static unsigned seed = 1;
static unsigned any(unsigned n) {
  seed = seed * 1664525u + 1013904223u;
  return (unsigned)(((unsigned long long)seed * n) >> 32);
}

static void fail(const char *what, int number) {
  printf("%s: %d\n", what, number);
  exit(1);
}
#define EXPECT(x) ((x) ? (void)0 : fail(#x, __LINE__))

static Config base(void) {
  Config c = {.vocab = 17,
              .dim = 5,
              .lanes = 6,
              .segment = 7,
              .shards = 2,
              .ternary = 1,
              .quantize_activations = 1,
              .embed_frac = 6,
              .reset_on_eod = 1,
              .stream = 21,
              .chunk = 3,
              .threshold = 0.5f,
              .step2 = 0.45f,
              .step3 = 0.2f,
              .clip = 1,
              .beta1 = 0.9f,
              .beta2 = 0.99f,
              .epsilon = 1e-8f,
              .weight_decay = 0.01f,
              .latent_rate = 10,
              .muon_momentum = 0.95f,
              .muon_step = 0.2f,
              .layers = 1};
  for (int i = 0; i < TRIT_GROUPS; i++) c.trits[i] = 1;
  c.layer[0].width = 9;
  return c;
}

/* Three steps and a measurement; whether the loss is a number. */
static void train(const Config *c) {
  const int bad = trainer_check(c);
  if (bad) fail("refused word", bad);
  const size_t bytes = trainer_bytes(c);
  char *memory = aligned_alloc(64, bytes);
  memset(memory, 0, bytes);
  Trainer *t = trainer_init(memory, c, 1);
  EXPECT(t != 0);
  for (int i = 0; i < t->p.tensors; i++) { /* padding stays zero */
    const Tensor *info = &t->p.tensor[i];
    for (int g = 0; g < info->groups; g++)
      for (int r = 0; r < info->group_rows; r++)
        for (int k = 0; k < info->cols; k++)
          t->p.weight[info->offset + (size_t)(g * info->group_stride + r) * info->stride + k] =
              (float)any(2000) / 1000.0f - 1.0f;
  }
  for (int i = 0; i < c->lanes * c->stream; i++) {
    t->inputs[i] = (uint16_t)(any(5) ? any((unsigned)c->vocab) : 0);
    t->targets[i] = (uint16_t)(any(6) ? any((unsigned)c->vocab) : IGNORE);
  }
  for (int i = 0; i < c->chunk; i++) {
    t->schedule[i * 3] = 0.01f;
    t->schedule[i * 3 + 1] = t->schedule[i * 3 + 2] = 0.5f;
  }
  const int steps = c->stream / c->segment < c->chunk ? c->stream / c->segment : c->chunk;
  EXPECT(trainer_run(t, 0, 0, steps, 1) == ANSWER_OK && t->done == steps);
  EXPECT(t->stats[0] == t->stats[0] && t->stats[0] < 50);
  EXPECT(trainer_evaluate(t, 0, steps) == ANSWER_OK && t->totals[0] == t->totals[0]);

  EXPECT(trainer_run(t, 1, 0, 1, 1) == ANSWER_WORKER);
  EXPECT(trainer_run(t, -1, 0, 1, 1) == ANSWER_WORKER);
  EXPECT(trainer_run(t, 0, 0, c->chunk + 1, 1) == ANSWER_STEPS);
  EXPECT(trainer_run(t, 0, 0, -1, 1) == ANSWER_STEPS);
  EXPECT(trainer_run(t, 0, -1, 1, 1) == ANSWER_PLACE);
  EXPECT(trainer_run(t, 0, 0x7fffffff, 1, 1) == ANSWER_PLACE);
  EXPECT(trainer_run(t, 0, c->stream - c->segment + 1, 1, 1) == ANSWER_PLACE);
  EXPECT(trainer_evaluate(t, 0, c->stream / c->segment + 1) == ANSWER_PLACE);
  EXPECT(trainer_evaluate(t, 0, 0x7fffffff) == ANSWER_PLACE);
  uint16_t *token =
      any(2) ? &t->inputs[any((unsigned)c->lanes) * c->stream] : &t->targets[any((unsigned)c->lanes) * c->stream];
  *token = (uint16_t)c->vocab;
  EXPECT(trainer_run(t, 0, 0, 1, 1) == ANSWER_TOKEN);
  EXPECT(trainer_evaluate(t, 0, 1) == ANSWER_TOKEN);
  t->inputs[0] = IGNORE; /* no target: not a token at all */
  EXPECT(trainer_run(t, 0, 0, 1, 1) == ANSWER_TOKEN);
  for (int what = -1; what < 40; what++) {
    trainer_count(t, what, -1);
    trainer_count(t, what, 99);
    if (what >= ADDRESS_TENSOR) EXPECT(trainer_address(t, what, -1) == 0 && trainer_address(t, what, 1000) == 0);
  }
  __asan_unpoison_memory_region(memory, bytes);
  free(memory);
}

/* Words that cannot be are refused by name, and nothing is laid out. */
static int refusals(void) {
  int done = 0;
  static const int32_t wild[] = {-1, 0, 1 << 30, -2147483647 - 1, 2147483647};
  for (int word = 0; word < (int)(sizeof(Config) / 4); word++)
    for (unsigned i = 0; i < sizeof wild / sizeof wild[0]; i++) {
      Config c = base();
      c.ngrams = 1;
      c.ngram[0].order = 2, c.ngram[0].rows_log = 4, c.ngram[0].width = 3;
      memcpy((char *)&c + word * 4, &wild[i], 4);
      if (!trainer_check(&c)) continue;
      EXPECT(trainer_bytes(&c) == 0 && trainer_init(0, &c, 1) == 0);
      done++;
    }
  Config c = base();
  EXPECT(trainer_init(0, &c, 0) == 0 && trainer_init(0, &c, 3) == 0); /* workers */
  c.shards = 4;                                                       /* of six lanes */
  EXPECT(trainer_check(&c) != 0);
  c = base();
  c.stream = c.segment - 1;
  EXPECT(trainer_check(&c) != 0);
  c = base();
  c.eod = c.vocab;
  EXPECT(trainer_check(&c) != 0);
  c = base();
  c.tied = 1; /* 5 and 9 wide */
  EXPECT(trainer_check(&c) != 0);
  c = base();
  c.clip = __builtin_nanf("");
  EXPECT(trainer_check(&c) != 0);
  return done;
}

int main(void) {
  const int refused = refusals();
  int trained = 0;
  for (int round = 0; round < 60; round++) {
    Config c = base();
    static const int lanes[][2] = {{6, 2}, {5, 1}, {1, 1}, {8, 4}};
    c.lanes = lanes[round % 4][0], c.shards = lanes[round % 4][1];
    c.vocab = 2 + (int32_t)any(round % 5 == 4 ? 200 : 30);
    c.dim = 1 + (int32_t)any(20);
    c.segment = 1 + (int32_t)any(round % 7 == 6 ? 150 : 9);
    c.stream = c.segment * (1 + (int32_t)any(3)) + (int32_t)any(3);
    c.ternary = any(5) != 0;
    c.quantize_activations = any(4) != 0;
    c.muon = (int32_t)any(2);
    c.embed_frac = (int32_t)any(8);
    for (int i = 0; i < TRIT_GROUPS; i++) c.trits[i] = 1 + (int32_t)any(MAX_TRITS);
    c.ngrams = round % 3 ? 0 : 1 + (int32_t)any(MAX_NGRAMS);
    for (int i = 0; i < c.ngrams; i++) {
      c.ngram[i].order = NGRAM_ORDER_MIN + (int32_t)any(NGRAM_ORDER_MAX - NGRAM_ORDER_MIN + 1);
      c.ngram[i].rows_log = NGRAM_ROWS_LOG_MIN + (int32_t)any(5);
      c.ngram[i].width = 1 + (int32_t)any(9);
    }
    c.layers = 1 + (int32_t)any(4);
    for (int l = 0; l < c.layers; l++) {
      c.layer[l].kind = (int32_t)any(MODEL_KINDS);
      c.layer[l].width = 1 + (int32_t)any(20);
    }
    c.tied = round % 3 == 1;
    for (int l = 0; c.tied && l < c.layers; l++)
      if (!model_layer_rules[c.layer[l].kind].stream) c.layer[l].width = c.dim;
    train(&c);
    trained++;
  }
  printf("ok: %d models trained, %d configurations refused\n", trained, refused);
  return 0;
}
