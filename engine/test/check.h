/* The little that the C tests need: checks that count, files, a model at work. */
#ifndef CHECK_H
#define CHECK_H
#include "tinylm.h"

extern unsigned long checks_made, checks_failed;

/* Counts; a failure prints where and what. The program's exit status is the outcome. */
#define CHECK(condition, ...) check_that((condition) != 0, __FILE__, __LINE__, __VA_ARGS__)
void check_that(int ok, const char *file, int line, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* A whole file, malloc'ed to its exact size, so that a read past it is found. Ends the program when it cannot be read. */
uint8_t *read_file(const char *folder, const char *name, uint32_t *bytes);

/* A model and an engine over it. */
typedef struct bench {
  uint8_t *blob;
  uint32_t bytes;
  tlm_model model;
  tlm_engine engine;
  uint32_t *memory;
} bench;

/* Takes the blob over. The memory has exactly the size that tlm_memory_bytes says. */
void bench_open(bench *b, uint8_t *blob, uint32_t bytes);
void bench_kernel(bench *b, int kernel, uint32_t budget);
void bench_close(bench *b);

void test_vectors(const char *folder, char **stems, int count);
void test_kernels(void);
void test_open(void);
void test_text(const char *folder);
void test_stream(const char *folder);
void test_state(const char *folder);

#endif
