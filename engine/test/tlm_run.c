/*
 * Generates text with the engine, for comparing builds:
 *   tlm_run <file.tlm> <prompt> [temperature Q8] [top_k] [top_p Q15] [penalty Q10] [window] [seed] [tokens] [reference]
 * The options are the integers of SPEC.md 4. Writes the text alone to standard output.
 */
#include "tinylm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *read_all(const char *path, uint32_t *bytes) {
  FILE *f = fopen(path, "rb");
  uint8_t *data = NULL;
  long size;
  if (!f) return NULL;
  if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && (data = malloc((size_t)size + 1u)) != NULL) {
    rewind(f);
    *bytes = (uint32_t)fread(data, 1, (size_t)size, f);
  }
  fclose(f);
  return data;
}

static uint32_t number(int count, char **arguments, int at, uint32_t otherwise) {
  return count > at ? (uint32_t)strtoul(arguments[at], NULL, 10) : otherwise;
}

int main(int count, char **arguments) {
  static uint8_t in[256], out[512];
  tlm_model model;
  tlm_engine engine;
  tlm_sampler sampler;
  tlm_stream stream;
  tlm_fault fault;
  tlm_options o = tlm_options_default();
  tlm_stream_options so = {0, NULL, 0, 0};
  uint32_t bytes = 0, n, length;
  uint8_t *blob;
  void *memory;
  const char *prompt;
  char text[128];
  int code, kernel, state, submitted = 0;
  if (count < 3) {
    fprintf(
        stderr,
        "usage: %s <file.tlm> <prompt> [temperature] [top_k] [top_p] [penalty] [window] [seed] [tokens] [reference]\n",
        arguments[0]);
    return 2;
  }
  blob = read_all(arguments[1], &bytes);
  if (!blob) {
    fprintf(stderr, "%s cannot be read\n", arguments[1]);
    return 1;
  }
  code = tlm_open(&model, blob, bytes, &fault);
  if (code < 0) {
    fprintf(stderr, "%s: %s (byte %u: found %u, expected %u)\n", arguments[1], tlm_error_text(code),
            (unsigned)fault.offset, (unsigned)fault.found, (unsigned)fault.expected);
    free(blob);
    return 1;
  }
  o.temperature = (uint16_t)number(count, arguments, 3, o.temperature);
  o.top_k = (uint16_t)number(count, arguments, 4, o.top_k);
  o.top_p = (uint16_t)number(count, arguments, 5, o.top_p);
  o.penalty = (uint16_t)number(count, arguments, 6, o.penalty);
  o.penalty_window = (uint8_t)number(count, arguments, 7, o.penalty_window);
  o.seed = number(count, arguments, 8, o.seed);
  so.max_tokens = number(count, arguments, 9, 256);
  kernel = count > 10 ? TLM_KERNEL_REFERENCE : TLM_KERNEL_TABLE;
  n = tlm_memory_bytes(&model, kernel, 0);
  memory = malloc(n);
  code = tlm_sampler_init(&sampler, &o);
  if (code == TLM_OK) code = tlm_init(&engine, &model, memory, n, kernel, 0);
  if (code == TLM_OK) code = tlm_stream_init(&stream, &engine, &sampler, in, sizeof in, out, sizeof out, &so);
  if (code < 0) {
    fprintf(stderr, "%s\n", tlm_error_text(code));
    return 1;
  }
  prompt = arguments[2];
  length = (uint32_t)strlen(prompt);
  do {
    n = tlm_stream_write(&stream, prompt, length);
    prompt += n;
    length -= n;
    if (!length && !submitted) submitted = tlm_stream_submit(&stream) == TLM_OK;
    state = tlm_stream_poll(&stream);
    while ((n = tlm_stream_read(&stream, text, sizeof text)) != 0) fwrite(text, 1, n, stdout);
  } while (state >= 0 && state != TLM_STREAM_ENDED);
  free(memory);
  free(blob);
  return state < 0;
}
