/* What makes a model faster on these chips: both cores, and matrices in SRAM instead of flash. */
#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "speed.h"

/* ---- rows over both cores ---- */

#if CONFIG_TINYLM_BOTH_CORES
static struct {
  TaskHandle_t task;
  SemaphoreHandle_t done;
  tlm_job job;
  void *argument;
} helper;

static void help(void *unused) {
  (void)unused;
  for (;;) {
    ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
    helper.job(helper.argument, 1, 2);
    xSemaphoreGive(helper.done);
  }
}

/* Giving and taking order the memory accesses of the two cores. */
static void run(void *user, tlm_job job, void *argument, uint32_t parts) {
  uint32_t part;
  (void)user;
  helper.job = job;
  helper.argument = argument;
  xTaskNotifyGive(helper.task);
  job(argument, 0, parts);
  xSemaphoreTake(helper.done, portMAX_DELAY);
  for (part = 2; part < parts; part++) job(argument, part, parts);
}

static int have_helper(void) {
  if (helper.task) return 1;
  if (!helper.done) helper.done = xSemaphoreCreateBinary();
  /* Above the generation task's priority, so that its half is not kept waiting. */
  return helper.done && xTaskCreatePinnedToCore(help, "tinylm-rows", 2048, NULL, 4, &helper.task, 0) == pdPASS;
}
#endif

uint32_t speed_cores(void) {
#if CONFIG_TINYLM_BOTH_CORES
  return helper.task ? 2u : 1u;
#else
  return 1u;
#endif
}

/* ---- matrices in SRAM ---- */

static void *copies[TLM_TENSORS_MAX];
static uint32_t copied;

uint32_t speed_sram_bytes(void) { return copied; }

#if CONFIG_TINYLM_SRAM_WEIGHTS
static int has_room(uint32_t bytes) {
  return heap_caps_get_largest_free_block(MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT) >= bytes + 1024u &&
         heap_caps_get_free_size(MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT) >= bytes + CONFIG_TINYLM_SRAM_RESERVE;
}

/* As many planes (trits) of a matrix as find room. */
static void copy_matrix(tlm_model *model, uint32_t i) {
  const tlm_tensor *t = &model->tensors[i];
  const uint32_t plane = t->rows * t->row_bytes;
  uint32_t planes = t->planes;
  while (planes && !has_room(planes * plane)) planes--;
  if (!planes) return;
  copies[i] = heap_caps_malloc(planes * plane, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
  if (!copies[i]) return;
  fw_copy(copies[i], t->data, planes * plane);
  if (tlm_relocate_planes(model, i, planes, copies[i]) == TLM_OK) {
    copied += planes * plane;
    return;
  }
  heap_caps_free(copies[i]);
  copies[i] = NULL;
}

/* Bytes of a plane that is read for each token, 0 for what is no such matrix. */
static uint32_t plane_bytes(const tlm_model *model, uint32_t i) {
  const tlm_tensor *t = &model->tensors[i];
  return tlm_is_product(model, i) ? t->rows * t->row_bytes : 0u;
}

/* The matrices by size of a plane, the largest first, then in the file's order; tensor_count after the last. */
static uint32_t next_matrix(const tlm_model *model, uint32_t after) {
  const uint32_t n = model->tensor_count, limit = after < n ? plane_bytes(model, after) : UINT32_MAX;
  uint32_t best = n;
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t bytes = plane_bytes(model, i);
    if (bytes == 0 || bytes > limit || (bytes == limit && i <= after)) continue;
    if (best == n || bytes > plane_bytes(model, best)) best = i;
  }
  return best;
}
#endif

void speed_model_opened(void *user, tlm_model *model, tlm_engine *engine) {
  (void)user;
#if CONFIG_TINYLM_SRAM_WEIGHTS
  /*
   * Every byte of a matrix that is multiplied is read for each token; of an embedding that is not also the output
   * layer, and of an n-gram table, only a row is. The largest that fit go first: so most bytes find room. Scales and
   * biases are small and stay.
   */
  for (uint32_t i = next_matrix(model, UINT32_MAX); i < model->tensor_count; i = next_matrix(model, i)) {
    copy_matrix(model, i);
  }
#else
  (void)model;
#endif
#if CONFIG_TINYLM_BOTH_CORES
  if (have_helper()) tlm_set_parallel(engine, run, NULL, 2);
#else
  (void)engine;
#endif
}

void speed_model_closing(void *user) {
  (void)user;
  for (uint32_t i = 0; i < TLM_TENSORS_MAX; i++) {
    heap_caps_free(copies[i]);
    copies[i] = NULL;
  }
  copied = 0;
}
