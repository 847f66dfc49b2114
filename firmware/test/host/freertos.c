/*
 * The FreeRTOS and heap functions that main/ uses, on POSIX threads: enough to run it as it is. A task is a thread
 * (priorities and cores are left out); a notification, a binary semaphore and a mutex are a count with a condition.
 */
#include "host.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"

struct QueueDefinition {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  uint32_t count;
};

struct tskTaskControlBlock {
  struct QueueDefinition notified;
  TaskFunction_t code;
  void *argument;
};

static __thread struct tskTaskControlBlock *self;

static void init(struct QueueDefinition *q) {
  pthread_mutex_init(&q->mutex, NULL);
  pthread_cond_init(&q->changed, NULL);
  q->count = 0;
}

static void give(struct QueueDefinition *q) {
  pthread_mutex_lock(&q->mutex);
  q->count = 1;
  pthread_cond_signal(&q->changed);
  pthread_mutex_unlock(&q->mutex);
}

static void take(struct QueueDefinition *q) {
  pthread_mutex_lock(&q->mutex);
  while (!q->count) pthread_cond_wait(&q->changed, &q->mutex);
  q->count = 0;
  pthread_mutex_unlock(&q->mutex);
}

SemaphoreHandle_t xSemaphoreCreateBinary(void) {
  SemaphoreHandle_t s = malloc(sizeof *s);
  if (s) init(s);
  return s;
}

SemaphoreHandle_t xSemaphoreCreateMutex(void) {
  SemaphoreHandle_t s = xSemaphoreCreateBinary();
  if (s) give(s);
  return s;
}

BaseType_t xSemaphoreTake(SemaphoreHandle_t s, TickType_t ticks) {
  (void)ticks; /* always for ever */
  take(s);
  return pdTRUE;
}

BaseType_t xSemaphoreGive(SemaphoreHandle_t s) {
  give(s);
  return pdTRUE;
}

static void *thread(void *task) {
  self = task;
  self->code(self->argument);
  return NULL;
}

BaseType_t xTaskCreatePinnedToCore(TaskFunction_t code, const char *const name, const uint32_t stack,
                                   void *const argument, UBaseType_t priority, TaskHandle_t *const made,
                                   const BaseType_t core) {
  pthread_t id;
  struct tskTaskControlBlock *t = malloc(sizeof *t);
  (void)name, (void)stack, (void)priority, (void)core;
  if (!t) return pdFALSE;
  init(&t->notified);
  t->code = code;
  t->argument = argument;
  if (made) *made = t; /* before it runs, as FreeRTOS does */
  if (pthread_create(&id, NULL, thread, t)) return pdFALSE;
  pthread_detach(id);
  return pdPASS;
}

uint32_t host_notifications;

void host_run_as_task(void (*code)(void)) {
  static struct tskTaskControlBlock first;
  init(&first.notified);
  self = &first;
  code();
}

TaskHandle_t xTaskGetCurrentTaskHandle(void) { return self; }
/* Not known here. */
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task) {
  (void)task;
  return 0;
}
void taskYIELD(void) { sched_yield(); }

/* A tick is a millisecond, as in sdkconfig.defaults. */
TickType_t xTaskGetTickCount(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (TickType_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

void vTaskDelay(const TickType_t ticks) {
  const struct timespec t = {ticks / 1000u, (long)(ticks % 1000u) * 1000000L};
  nanosleep(&t, NULL);
}

BaseType_t xTaskNotifyGive(TaskHandle_t task) {
  host_notifications++;
  give(&task->notified);
  return pdPASS;
}

uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t ticks) {
  (void)clear, (void)ticks;
  take(&self->notified);
  return 1;
}

/* ---- heap ---- */

size_t host_heap_free;

size_t heap_caps_get_free_size(uint32_t caps) {
  (void)caps;
  return host_heap_free;
}
size_t heap_caps_get_largest_free_block(uint32_t caps) { return heap_caps_get_free_size(caps); }

/* The size stands before the block. */
void *heap_caps_malloc(size_t size, uint32_t caps) {
  size_t *p;
  (void)caps;
  if (size > host_heap_free || !(p = malloc(size + 16u))) return NULL;
  *p = size;
  host_heap_free -= size;
  return (char *)p + 16;
}

void heap_caps_free(void *block) {
  size_t *p;
  if (!block) return;
  p = (size_t *)(void *)((char *)block - 16);
  host_heap_free += *p;
  free(p);
}
