#include "shared.h"

#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"

fw_app app;

static SemaphoreHandle_t lock;
static TaskHandle_t generation;

/* How many wait for the lock. */
static uint32_t waiting;

void shared_init(void) {
  lock = xSemaphoreCreateMutex();
  configASSERT(lock);
}

void app_lock(void) {
  __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
  xSemaphoreTake(lock, portMAX_DELAY);
  __atomic_sub_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
}
void app_unlock(void) { xSemaphoreGive(lock); }

/*
 * FreeRTOS makes who waits for a mutex ready, but does not keep it for them: on the other core they would come too late
 * again and again. This waits a moment for them to take it.
 */
void let_others_in(void) {
  for (int i = 0; i < 1000 && __atomic_load_n(&waiting, __ATOMIC_SEQ_CST); i++) taskYIELD();
}

void generation_is_this_task(void) { generation = xTaskGetCurrentTaskHandle(); }

uint32_t generation_stack_free(void) { return generation ? (uint32_t)uxTaskGetStackHighWaterMark(generation) : 0u; }
