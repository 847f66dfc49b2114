/*
 * Counts executed instructions of a whole token (step and sample) under QEMU, for one blob whose shape
 * is given by macros. Prints: weights, instructions a token, a hundredth of an instruction a weight, a checksum of
 * the tokens drawn. See engine/bench/README.md.
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

static uint8_t blob[4u << 20] __attribute__((aligned(16)));
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

int main(void) {
  static tlm_model model;
  static tlm_engine engine;
  static tlm_sampler sampler;
  tlm_options options = tlm_options_default();
  const blob_shape shape = { VOCAB, DIM, HIDDEN, LAYERS, DIM == HIDDEN, TYPE, VOCAB == 256 ? 1 : 2, 1 };
  uint32_t bytes = make_blob(&shape, blob, sizeof blob), i, token, start, steps = 0, heads = 0, samples = 0, sum = 0;
  options.temperature = 205; /* 0.8: more tokens take part than at the default */
#ifdef TEMPERATURE_ONLY
  options.top_k = 0;
#endif
  if (tlm_open(&model, blob, bytes, NULL) < 0 ||
      tlm_init(&engine, &model, memory, sizeof memory, KERNEL, BUDGET) < 0 ||
      tlm_sampler_init(&sampler, &options) < 0) {
    put_text("refused\n");
    return 1;
  }
  token = tlm_eod(&model);
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
