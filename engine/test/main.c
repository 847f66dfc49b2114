/* The engine's C tests: test_engine <folder vectors> <names of its models, as v1/bpe-33>
   (C99 cannot list a folder.) */
#include "check.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

unsigned long checks_made, checks_failed;

void check_that(int ok, const char *file, int line, const char *format, ...) {
  va_list arguments;
  checks_made++;
  if (ok) return;
  if (checks_failed++ >= 20) return;
  printf("%s:%d: ", file, line);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
}

uint8_t *read_file(const char *folder, const char *name, uint32_t *bytes) {
  char path[1024];
  FILE *f;
  long size;
  uint8_t *data;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  f = fopen(path, "rb");
  if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0) {
    printf("%s cannot be read\n", path);
    exit(2);
  }
  rewind(f);
  data = malloc(size ? (size_t)size : 1u);
  if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) exit(2);
  fclose(f);
  *bytes = (uint32_t)size;
  return data;
}

void bench_open(bench *b, uint8_t *blob, uint32_t bytes) {
  tlm_fault fault;
  const int code = tlm_open(&b->model, blob, bytes, &fault);
  b->blob = blob;
  b->bytes = bytes;
  b->memory = NULL;
  if (code < 0) {
    printf("a test model was refused: %s at %u: %u, expected %u\n", tlm_error_text(code), (unsigned)fault.offset,
           (unsigned)fault.found, (unsigned)fault.expected);
    exit(2);
  }
}

void bench_kernel(bench *b, int kernel, uint32_t budget) {
  const uint32_t bytes = tlm_memory_bytes(&b->model, kernel, budget);
  free(b->memory);
  b->memory = malloc(bytes);
  CHECK(tlm_init(&b->engine, &b->model, b->memory, bytes - 1u, kernel, budget) == TLM_E_MEMORY,
        "one byte less is refused");
  CHECK(tlm_init(&b->engine, &b->model, b->memory, bytes, kernel, budget) == TLM_OK, "init with %u bytes",
        (unsigned)bytes);
}

void bench_close(bench *b) {
  free(b->memory);
  free(b->blob);
}

int main(int count, char **arguments) {
  if (count < 3) {
    printf("usage: %s <folder vectors> <v1/name>…\n", arguments[0]);
    return 2;
  }
  test_vectors(arguments[1], arguments + 2, count - 2);
  test_kernels();
  test_open();
  test_text(arguments[1]);
  test_stream(arguments[1]);
  test_state(arguments[1]);
  printf("%lu checks, %lu failed\n", checks_made, checks_failed);
  return checks_failed || !checks_made ? 1 : 0;
}
