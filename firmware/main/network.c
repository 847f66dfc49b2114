/* Wi-Fi as a station, and the name in the local network. Nothing here runs while no network's name is known. */
#include "network.h"

#include "port.h"
#include "web.h"

#if CONFIG_TINYLM_WIFI
#include "esp_event.h"
#include "esp_log.h"
#include "esp_netif.h"
#include "esp_timer.h"
#include "esp_wifi.h"
#include "mdns.h"

#define RETRY_US 3000000u

static esp_timer_handle_t retry;

static void connect(void *unused) {
  (void)unused;
  esp_wifi_connect();
}

static void announce(void) {
  char name[FW_CONFIG_MAX];
  if (port_config("name", name)) return;
  if (mdns_init() != ESP_OK || mdns_hostname_set(name) != ESP_OK) return;
  mdns_instance_name_set("TinyLM");
  mdns_service_add(NULL, "_http", "_tcp", 80, NULL, 0);
}

static void on_event(void *unused, esp_event_base_t base, int32_t id, void *data) {
  static bool serving;
  (void)unused;
  if (base == WIFI_EVENT && id == WIFI_EVENT_STA_START) {
    connect(NULL);
  } else if (base == WIFI_EVENT && id == WIFI_EVENT_STA_DISCONNECTED) {
    esp_timer_start_once(retry, RETRY_US);
  } else if (base == IP_EVENT && id == IP_EVENT_STA_GOT_IP) {
    const ip_event_got_ip_t *got = data;
    ESP_LOGW("tinylm", "http://" IPSTR "/", IP2STR(&got->ip_info.ip));
    if (serving) return;
    serving = true;
    web_start();
    announce();
  }
}

void network_start(void) {
  const wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();
  const esp_timer_create_args_t timer = {.callback = connect, .name = "wifi-retry"};
  wifi_config_t config = {0};
  char ssid[FW_CONFIG_MAX], password[FW_CONFIG_MAX];
  if (port_config("ssid", ssid)) return;
  if (port_config("password", password)) password[0] = 0;
  if (fw_length(ssid) > sizeof config.sta.ssid || fw_length(password) > sizeof config.sta.password) {
    ESP_LOGE("tinylm", "the Wi-Fi name has at most 32 bytes and its password at most 64");
    return;
  }
  fw_copy(config.sta.ssid, ssid, fw_length(ssid));
  fw_copy(config.sta.password, password, fw_length(password));
  ESP_ERROR_CHECK(esp_timer_create(&timer, &retry));
  ESP_ERROR_CHECK(esp_netif_init());
  ESP_ERROR_CHECK(esp_event_loop_create_default());
  if (!esp_netif_create_default_wifi_sta()) {
    ESP_LOGE("tinylm", "no memory for the network interface");
    return;
  }
  ESP_ERROR_CHECK(esp_wifi_init(&init));
  ESP_ERROR_CHECK(esp_wifi_set_storage(WIFI_STORAGE_RAM)); /* the name is kept by /wifi, once */
  ESP_ERROR_CHECK(esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, on_event, NULL));
  ESP_ERROR_CHECK(esp_event_handler_register(IP_EVENT, IP_EVENT_STA_GOT_IP, on_event, NULL));
  ESP_ERROR_CHECK(esp_wifi_set_mode(WIFI_MODE_STA));
  /* A name or password that Wi-Fi does not take is no reason to start again and again: the cable still works. */
  if (esp_wifi_set_config(WIFI_IF_STA, &config) != ESP_OK) {
    ESP_LOGE("tinylm", "Wi-Fi does not take this name and password; set others with /wifi");
    return;
  }
  ESP_ERROR_CHECK(esp_wifi_start());
}
#endif
