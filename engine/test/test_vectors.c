/* Every file of vectors/v1 and v2 against the text beside it (vectors/README.md), with each kernel and several table budgets. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 4096

/* Words of one line. */
typedef struct words {
  const char *at;
} words;

static long number(words *w) {
  char *end;
  const long v = strtol(w->at, &end, 10);
  CHECK(end != w->at, "a number at \"%.20s\"", w->at);
  w->at = end;
  return v;
}

static uint32_t list(words *w, uint16_t *out) {
  const uint32_t n = (uint32_t)number(w);
  uint32_t i;
  if (n > LIST_MAX) exit(2);
  for (i = 0; i < n; i++) out[i] = (uint16_t)number(w);
  return n;
}

static uint32_t nibble(char c) { return (uint32_t)(c >= 'a' ? c - 'a' + 10 : c - '0'); }

static uint32_t hex(words *w, uint8_t *out) {
  uint32_t n = 0;
  while (*w->at == ' ') w->at++;
  if (*w->at == '-') {
    w->at++;
    return 0;
  }
  for (; *w->at > ' '; w->at += 2) out[n++] = (uint8_t)(nibble(w->at[0]) << 4 | nibble(w->at[1]));
  return n;
}

static void step_line(bench *b, words *w, const char *where) {
  const uint32_t token = (uint32_t)number(w);
  const int16_t *logits;
  uint32_t i;
  CHECK(tlm_step(&b->engine, token) == TLM_OK, "%s", where);
  logits = tlm_logits(&b->engine);
  for (i = 0; i < b->model.vocab; i++) {
    const long wanted = number(w);
    CHECK(logits[i] == wanted, "%s: logit %u is %d, expected %ld", where, (unsigned)i, logits[i], wanted);
  }
}

static void encode_line(bench *b, words *w, const char *where) {
  static uint8_t text[LIST_MAX];
  static uint16_t wanted[LIST_MAX], got[LIST_MAX];
  const uint32_t n = hex(w, text), count = list(w, wanted);
  CHECK(tlm_encode(&b->model, text, n, got, LIST_MAX) == (int32_t)count && !memcmp(got, wanted, 2u * count), "%s",
        where);
  if (count) CHECK(tlm_encode(&b->model, text, n, got, count - 1u) == TLM_E_SPACE, "%s: one token less", where);
}

static void decode_line(bench *b, words *w, const char *where) {
  const uint32_t n = (uint32_t)number(w);
  uint8_t wanted[TLM_TEXT_MAX], got[TLM_TEXT_MAX];
  tlm_decoder decoder;
  uint32_t i;
  tlm_decoder_init(&decoder, &b->model);
  for (i = 0; i <= n; i++) {
    const int count = i < n ? tlm_decode(&decoder, (uint32_t)number(w), got) : tlm_decode_end(&decoder, got);
    const uint32_t bytes = hex(w, wanted);
    CHECK(count == (int)bytes && !memcmp(got, wanted, bytes), "%s: token %u", where, (unsigned)i);
  }
}

static void sample_line(bench *b, words *w, const char *where) {
  static uint16_t prompt[LIST_MAX], wanted[LIST_MAX];
  tlm_options o;
  tlm_sampler sampler;
  uint32_t p, n, i;
  o.temperature = (uint16_t)number(w);
  o.top_k = (uint16_t)number(w);
  o.top_p = (uint16_t)number(w);
  o.penalty = (uint16_t)number(w);
  o.penalty_window = (uint8_t)number(w);
  o.seed = (uint32_t)strtoul(w->at, (char **)&w->at, 10);
  p = list(w, prompt);
  n = list(w, wanted);
  CHECK(tlm_sampler_init(&sampler, &o) == TLM_OK, "%s", where);
  tlm_reset(&b->engine);
  tlm_step(&b->engine, tlm_eod(&b->model));
  for (i = 0; i < p; i++) tlm_step(&b->engine, prompt[i]);
  for (i = 0; i < n; i++) {
    const int token = tlm_sample(&b->engine, &sampler);
    CHECK(token == wanted[i], "%s: token %u is %d, expected %u", where, (unsigned)i, token, (unsigned)wanted[i]);
    tlm_step(&b->engine, (uint32_t)token);
  }
}

static void run_lines(bench *b, char *text, const char *name) {
  char *line, *next, where[200];
  unsigned long at = 0, used = 0;
  for (line = text; line && *line; line = next) {
    words w;
    at++;
    next = strchr(line, '\n');
    if (next) *next++ = 0;
    snprintf(where, sizeof where, "%s:%lu", name, at);
    used++;
    if (!strncmp(line, "step ", 5)) w.at = line + 5, step_line(b, &w, where);
    else if (!strncmp(line, "encode ", 7)) w.at = line + 7, encode_line(b, &w, where);
    else if (!strncmp(line, "decode ", 7)) w.at = line + 7, decode_line(b, &w, where);
    else if (!strncmp(line, "sample ", 7)) w.at = line + 7, sample_line(b, &w, where);
    else {
      used--;
      CHECK(*line == '#' || !*line, "%s: what is this line?", where);
    }
  }
  CHECK(used > 10, "%s has checks", name);
}

static void run_vector(const char *folder, const char *stem) {
  static const struct {
    int kernel;
    uint32_t budget;
  } setups[] = {
    {TLM_KERNEL_REFERENCE, 0}, {TLM_KERNEL_TABLE, 0},     {TLM_KERNEL_TABLE, 512},
    {TLM_KERNEL_TABLE, 1500},  {TLM_KERNEL_TABLE, 65536},
  };
  char name[128];
  bench b;
  uint32_t bytes, i;
  uint8_t *blob;
  snprintf(name, sizeof name, "%s.tlm", stem);
  blob = read_file(folder, name, &bytes);
  bench_open(&b, blob, bytes);
  snprintf(name, sizeof name, "%s.txt", stem);
  for (i = 0; i < sizeof setups / sizeof *setups; i++) {
    uint8_t *raw = read_file(folder, name, &bytes);
    char *text = malloc(bytes + 1u);
    memcpy(text, raw, bytes);
    text[bytes] = 0;
    bench_kernel(&b, setups[i].kernel, setups[i].budget);
    run_lines(&b, text, name);
    free(text);
    free(raw);
  }
  bench_close(&b);
}

/* The names of the errors, as bad/index.txt has them. */
static int code_of(const char *name) {
  static const struct {
    const char *name;
    int code;
  } codes[] = {
    {"TLM_E_SHORT", TLM_E_SHORT},
    {"TLM_E_MAGIC", TLM_E_MAGIC},
    {"TLM_E_VERSION", TLM_E_VERSION},
    {"TLM_E_SIZE", TLM_E_SIZE},
    {"TLM_E_CRC", TLM_E_CRC},
    {"TLM_E_HEADER", TLM_E_HEADER},
    {"TLM_E_CELL", TLM_E_CELL},
    {"TLM_E_DIRECTORY", TLM_E_DIRECTORY},
    {"TLM_E_LAYOUT", TLM_E_LAYOUT},
    {"TLM_E_GAP", TLM_E_GAP},
    {"TLM_E_TOKENIZER", TLM_E_TOKENIZER},
    {"TLM_E_WEIGHT", TLM_E_WEIGHT},
    {"TLM_E_SCALE", TLM_E_SCALE},
  };
  uint32_t i;
  for (i = 0; i < sizeof codes / sizeof *codes; i++) {
    if (!strcmp(name, codes[i].name)) return codes[i].code;
  }
  return 0;
}

static void run_bad(const char *folder, const char *version) {
  uint32_t bytes, at = 0, found = 0;
  uint8_t *index;
  char path[32];
  snprintf(path, sizeof path, "%s/bad/index.txt", version);
  index = read_file(folder, path, &bytes);
  while (at < bytes) {
    char line[256], name[64], typescript[64], wanted[64], file[96];
    uint32_t n = 0, size;
    while (at < bytes && index[at] != '\n' && n < sizeof line - 1u) line[n++] = (char)index[at++];
    line[n] = 0;
    at++;
    if (sscanf(line, "%63s %63s %63s", name, typescript, wanted) == 3) {
      tlm_model model;
      uint8_t *blob;
      int code;
      found++;
      snprintf(file, sizeof file, "%s/bad/%s.tlm", version, name);
      blob = read_file(folder, file, &size);
      code = tlm_open(&model, blob, size, NULL);
      CHECK(code == code_of(wanted) && code, "%s: code %d, expected %s", file, code, wanted);
      free(blob);
    }
  }
  CHECK(found > 0, "%s names files", path);
  free(index);
}

void test_vectors(const char *folder, char **stems, int count) {
  int i;
  for (i = 0; i < count; i++) run_vector(folder, stems[i]);
  run_bad(folder, "v1");
  run_bad(folder, "v2");
  printf("vectors: %d models, %lu checks\n", count, checks_made);
}
