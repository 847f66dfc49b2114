/*
 * main/speed.c as it is, on threads: the steps of a model over two workers and with matrices copied to RAM, against the
 * same steps without. Built with ThreadSanitizer, a missing order between the workers ends it.
 *
 *   speed MODEL HEAP        prints {"cores":…,"sram":…,"woken":…}, twice; ends with 1 when a logit differs
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "speed.h"

#define STEPS 20u

static void *bytes_of(const char *path, uint32_t *bytes) {
  FILE *f = fopen(path, "rb");
  void *p;
  if (!f || fseek(f, 0, SEEK_END)) exit(2);
  *bytes = (uint32_t)ftell(f);
  rewind(f);
  p = malloc(*bytes);
  if (!p || fread(p, 1, *bytes, f) != *bytes) exit(2);
  fclose(f);
  return p;
}

static void make(tlm_model *model, tlm_engine *engine, const void *blob, uint32_t bytes) {
  tlm_fault fault;
  uint32_t need;
  if (tlm_open(model, blob, bytes, &fault)) exit(2);
  need = tlm_memory_bytes(model, TLM_KERNEL_TABLE, 0);
  if (tlm_init(engine, model, malloc(need), need, TLM_KERNEL_TABLE, 0)) exit(2);
}

int main(int argc, char **argv) {
  static tlm_model plain_model, model;
  static tlm_engine plain, engine;
  uint32_t bytes, step, round;
  void *blob;
  if (argc != 3) return 2;
  blob = bytes_of(argv[1], &bytes);
  host_heap_free = (size_t)strtoul(argv[2], NULL, 0);
  /* Twice, as after the upload of another model: what the first copied is free again, the second worker stays. */
  for (round = 0; round < 2u; round++) {
    const size_t before = host_heap_free;
    make(&plain_model, &plain, blob, bytes);
    make(&model, &engine, blob, bytes);
    speed_model_opened(NULL, &model, &engine);
    tlm_reset(&plain);
    tlm_reset(&engine);
    for (step = 0; step < STEPS; step++) {
      const uint32_t token = step * 7u % plain_model.vocab;
      tlm_step(&plain, token);
      tlm_step(&engine, token);
      if (memcmp(tlm_logits(&plain), tlm_logits(&engine), 2u * plain_model.vocab)) {
        fprintf(stderr, "step %u: other logits\n", (unsigned)step);
        return 1;
      }
    }
    if (before - host_heap_free != speed_sram_bytes()) return 1;
    printf("{\"cores\":%u,\"sram\":%u,\"woken\":%u}\n", (unsigned)speed_cores(), (unsigned)speed_sram_bytes(),
           (unsigned)host_notifications);
    speed_model_closing(NULL);
    if (host_heap_free != before || speed_sram_bytes()) return 1;
  }
  return 0;
}
