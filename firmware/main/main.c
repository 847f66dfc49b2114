/* Boot, and the task that generates. */
#include "esp_log.h"
#include "esp_task_wdt.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "nvs_flash.h"

#include "console.h"
#include "network.h"
#include "port.h"
#include "sockets.h"

#define STACK_BYTES 6144
#define PRIORITY 3     /* below the HTTP server's 5: who asks for info waits for one token at most */
#define REST_EVERY 100 /* ticks of work after which one is left to the idle task, whose watchdog is on */
#define IDLE_TICKS 5

static uint32_t engine_memory[CONFIG_TINYLM_ENGINE_BYTES / 4];
static fw_port port;

static void generate(void *starter) {
  TickType_t rested = xTaskGetTickCount();
  ESP_ERROR_CHECK(esp_task_wdt_add(NULL));
  generation_is_this_task();
  /* The model is opened here, so that the engine's memory belongs to this core from the beginning. */
  app_lock();
  fw_app_init(&app, &port, engine_memory, sizeof engine_memory);
  console_init();
  app_unlock();
  xTaskNotifyGive((TaskHandle_t)starter);
  for (;;) {
    int working, moved;
    app_lock();
    working = fw_app_poll(&app);
    moved = console_poll();
    moved |= sockets_poll();
    app_unlock();
    let_others_in();
    ESP_ERROR_CHECK(esp_task_wdt_reset());
    if (!working && !moved) {
      vTaskDelay(IDLE_TICKS);
      rested = xTaskGetTickCount();
    } else if (xTaskGetTickCount() - rested >= REST_EVERY) {
      vTaskDelay(1);
      rested = xTaskGetTickCount();
    }
  }
}

void app_main(void) {
  esp_err_t e = nvs_flash_init();
  if (e == ESP_ERR_NVS_NO_FREE_PAGES || e == ESP_ERR_NVS_NEW_VERSION_FOUND) {
    ESP_ERROR_CHECK(nvs_flash_erase());
    e = nvs_flash_init();
  }
  ESP_ERROR_CHECK(e);
  shared_init();
  port_init(&port);
  /* The last core: on a chip with two, Wi-Fi works on the other one. */
  if (xTaskCreatePinnedToCore(generate, "tinylm", STACK_BYTES, xTaskGetCurrentTaskHandle(), PRIORITY, NULL,
                              portNUM_PROCESSORS - 1) != pdPASS) {
    ESP_LOGE("tinylm", "no memory for the generation task");
    return;
  }
  ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
#if CONFIG_TINYLM_WIFI
  network_start();
#endif
}
