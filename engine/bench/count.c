/*
 * Counts executed instructions of a whole token (step and sample) under QEMU, for one blob whose shape
 * is given by macros. Prints: weights and their bytes, instructions a token, a hundredth of an instruction a weight, a
 * checksum of the tokens drawn. See engine/bench/README.md.
 */
#include "../test/make_blob.h"
#include "tinylm.h"

/* From the machine's own start file. */
void put_char(char c);
uint32_t instructions(void);

#ifndef VOCAB
#define VOCAB 256
#endif
#ifndef DIM
#define DIM 64
#endif
#ifndef HIDDEN
#define HIDDEN DIM
#endif
#ifndef LAYERS
#define LAYERS 1
#endif
#ifndef TYPE
#define TYPE 1
#endif
#ifndef KERNEL
#define KERNEL TLM_KERNEL_TABLE
#endif
#ifndef BUDGET
#define BUDGET 0
#endif
#ifndef TOKENS
#define TOKENS 32
#endif
/*
 * Version 2, where one of these is given: kinds and widths of layers ("gru:64,mlgru:128,glu:256"; empty: LAYERS GRUs of
 * HIDDEN), n-gram tables ("2:12:8,3:13:8": order, binary logarithm of the rows, width), trits ("2", or a digit for each
 * of embed, ngram, ih, hh, in, out, head), tokens of a cache of recent text ("8": binary logarithm), which is full and has met each of
 * about 40 tokens before the first one is counted.
 */
#if defined(STACK) || defined(NGRAMS) || defined(TRITS) || defined(CACHE_LOG)
#define VERSION_2
#endif
#ifndef STACK
#define STACK ""
#endif
#ifndef NGRAMS
#define NGRAMS ""
#endif
#ifndef TRITS
#define TRITS "1"
#endif
#ifndef CACHE_LOG
#define CACHE_LOG 0
#endif
#ifndef SCALE_BYTES
#define SCALE_BYTES 1
#endif
#ifndef BIAS_BYTES
#define BIAS_BYTES 1
#endif
#ifndef TIED
#define TIED (DIM == HIDDEN)
#endif

#ifndef BLOB_BYTES
#define BLOB_BYTES (4u << 20)
#endif
static uint8_t blob[BLOB_BYTES] __attribute__((aligned(64)));
static uint32_t memory[(1u << 20) / 4u];

static void put_text(const char *s) {
  while (*s) put_char(*s++);
}
static void put_number(uint32_t v) {
  char digits[12];
  uint32_t n = 0;
  do digits[n++] = (char)('0' + v % 10u);
  while ((v /= 10u) != 0);
  while (n) put_char(digits[--n]);
}
static void put_field(const char *name, uint32_t v) {
  put_text(name);
  put_char('=');
  put_number(v);
  put_char(' ');
}

#ifdef VERSION_2
static uint32_t number_of(const char **p) {
  uint32_t v = 0;
  while (**p >= '0' && **p <= '9') v = 10u * v + (uint32_t)(*(*p)++ - '0');
  if (**p == ':' || **p == ',') ++*p;
  return v;
}

static void read_stack(blob_stack *stack, const char *layers, const char *ngrams, const char *trits) {
  uint32_t i;
  stack->layers = stack->ngrams = 0;
  stack->scale_bytes = SCALE_BYTES;
  stack->bias_bytes = BIAS_BYTES;
  stack->cache_log = CACHE_LOG;
  while (*layers) {
    stack->layer[stack->layers].kind = layers[0] == 'm' ? 2u : layers[1] == 'r' ? 1u : 3u;
    while (*layers && *layers++ != ':') {}
    stack->layer[stack->layers++].width = number_of(&layers);
  }
  while (*ngrams) {
    stack->ngram[stack->ngrams].order = number_of(&ngrams);
    stack->ngram[stack->ngrams].rows_log = number_of(&ngrams);
    stack->ngram[stack->ngrams++].width = number_of(&ngrams);
  }
  for (i = 0; i < 7u; i++) stack->trits[i] = (uint8_t)(trits[trits[1] ? i : 0u] - '0');
}
#endif

/* The model of these macros; its bytes. */
static uint32_t make(void) {
  const blob_shape shape = {VOCAB, DIM, HIDDEN, LAYERS, TIED, TYPE, VOCAB == 256 ? 1 : 2, 1};
#ifdef VERSION_2
  static blob_stack stack;
  read_stack(&stack, STACK, NGRAMS, TRITS);
  return make_blob_v2(&shape, &stack, blob, sizeof blob);
#else
  return make_blob(&shape, blob, sizeof blob);
#endif
}

static uint32_t below_forty(void) {
  static uint32_t random = 1;
  random = random * 1664525u + 1013904223u;
  return ((random >> 16) * 40u) >> 16;
}

int main(void) {
  static tlm_model model;
  static tlm_engine engine;
  static tlm_sampler sampler;
  tlm_options options = tlm_options_default();
  uint32_t bytes = make(), i, token, start, steps = 0, heads = 0, samples = 0, sum = 0, multiplied = 0;
  options.temperature = 205; /* 0.8: more tokens take part than at the default */
#ifdef TEMPERATURE_ONLY
  options.top_k = 0;
#endif
  if (tlm_open(&model, blob, bytes, NULL) < 0 || tlm_init(&engine, &model, memory, sizeof memory, KERNEL, BUDGET) < 0 ||
      tlm_sampler_init(&sampler, &options) < 0) {
    put_text("refused\n");
    return 1;
  }
  token = tlm_eod(&model);
  for (i = 0; i < model.cache; i++) {
    tlm_step(&engine, token);
    token = 17u + below_forty();
  }
  for (i = 0; i < TOKENS; i++) {
    start = instructions();
    tlm_step(&engine, token);
    steps += instructions() - start;
    start = instructions();
    tlm_logits(&engine);
    heads += instructions() - start;
    start = instructions();
    token = (uint32_t)tlm_sample(&engine, &sampler);
    samples += instructions() - start;
    sum = sum * 31u + token;
  }
  put_field("weights", model.weights);
  for (i = 0; i < model.tensor_count; i++) {
    const tlm_tensor *t = &model.tensors[i];
    if (tlm_is_product(&model, i)) multiplied += t->planes * t->rows * t->cols;
  }
  put_field("trits_multiplied", multiplied);
  put_field("weight_bytes", model.weight_bytes);
  put_field("file_bytes", model.file_bytes);
  put_field("memory", tlm_memory_bytes(&model, KERNEL, BUDGET));
  put_field("step", steps / TOKENS);
  put_field("head", heads / TOKENS);
  put_field("sample", samples / TOKENS);
  put_field("token", (steps + heads + samples) / TOKENS);
  put_field("per_weight_x100", (steps + heads + samples) / TOKENS * 100u / model.weights);
  put_field("checksum", sum);
  put_char('\n');
  return 0;
}
