/* Whether a configuration can be: whoever calls, nothing is laid out for one that cannot. */
#include "trainer.h"

#define WORD(field) ((int)(((const char *)&(field) - (const char *)c) / 4) + 1)

static int outside(int value, int min, int max) { return value < min || value > max; }
static int is_number(float x) { return x - x == 0; }

int check_config(const Config *c) {
  const int32_t *words = (const int32_t *)c;
  for (int i = 0; i < CONFIG_INTEGERS; i++)
    if (outside(words[i], config_range[i].min, config_range[i].max)) return i + 1;
  const float *floats = (const float *)(words + CONFIG_INTEGERS);
  for (int i = 0; i < CONFIG_FLOATS; i++)
    if (!is_number(floats[i]) || floats[i] < 0) return CONFIG_INTEGERS + i + 1;
  if (c->lanes % c->shards) return WORD(c->shards);
  if (c->eod >= c->vocab) return WORD(c->eod);
  if (c->stream < c->segment) return WORD(c->stream);
  for (int i = 0; i < TRIT_GROUPS; i++)
    if (outside(c->trits[i], 1, MAX_TRITS)) return WORD(c->trits[i]);
  if (outside(c->ngrams, 0, MAX_NGRAMS)) return WORD(c->ngrams);
  int width = c->dim;
  for (int i = 0; i < c->ngrams; i++) {
    if (outside(c->ngram[i].order, NGRAM_ORDER_MIN, NGRAM_ORDER_MAX)) return WORD(c->ngram[i].order);
    if (outside(c->ngram[i].rows_log, NGRAM_ROWS_LOG_MIN, NGRAM_ROWS_LOG_MAX)) return WORD(c->ngram[i].rows_log);
    if (outside(c->ngram[i].width, 1, NGRAM_WIDTH_MAX)) return WORD(c->ngram[i].width);
    width += c->ngram[i].width;
  }
  if (width > MAX_WIDTH) return WORD(c->ngrams);
  if (outside(c->layers, 1, MAX_LAYERS)) return WORD(c->layers);
  for (int l = 0; l < c->layers; l++) {
    if (outside(c->layer[l].kind, 0, MODEL_KINDS - 1)) return WORD(c->layer[l].kind);
    if (outside(c->layer[l].width, 1, MAX_WIDTH)) return WORD(c->layer[l].width);
    if (!model_layer_rules[c->layer[l].kind].stream) width = c->layer[l].width;
  }
  return c->tied && width != c->dim ? WORD(c->tied) : 0;
}
