#include "fw_app.h"

const fw_error fw_ok = {NULL, NULL};

void fw_app_init(fw_app *app, const fw_port *port, void *memory, uint32_t bytes) {
  uint8_t *p = (uint8_t *)app;
  uint32_t i;
  for (i = 0; i < sizeof *app; i++) p[i] = 0;
  app->port = port;
  app->memory = (uint32_t *)memory;
  app->memory_bytes = bytes;
  app->settings = fw_settings_default();
  app->uptime_seen = port->micros(port->user);
  fw_model_load(app);
}

int fw_app_poll(fw_app *app) {
  const uint32_t now = app->port->micros(app->port->user);
  app->uptime_rest += now - app->uptime_seen;
  app->uptime_seen = now;
  while (app->uptime_rest >= 1000000u) {
    app->uptime_rest -= 1000000u;
    app->uptime_s++;
  }
  fw_upload_poll(app);
  return fw_job_poll(app);
}

fw_error fw_may_change(const fw_app *app, const fw_client *client) {
  static const fw_error closed = {FW_ERR_FORBIDDEN, "this device has no token, so nothing can be changed over the "
                                                    "network; set one over the serial line with /token"};
  static const fw_error refused = {FW_ERR_FORBIDDEN, "this needs the device's token"};
  char token[FW_CONFIG_MAX];
  if (!client->network || client->authorized) return fw_ok;
  if (!app->port->config_get || app->port->config_get(app->port->user, "token", token) || !token[0]) return closed;
  return refused;
}

int fw_authorize(const fw_app *app, fw_client *client, const char *text, uint32_t n) {
  char token[FW_CONFIG_MAX];
  client->authorized = 0;
  if (!app->port->config_get || app->port->config_get(app->port->user, "token", token)) return 0;
  client->authorized = (uint8_t)fw_same_secret(text, n, token);
  return client->authorized;
}

void fw_log(const fw_app *app, const char *a, const char *b, const char *c) {
  char line[160];
  fw_text t;
  if (!app->port->log) return;
  fw_text_init(&t, line, sizeof line - 1u);
  fw_put(&t, a);
  fw_put(&t, b);
  fw_put(&t, c);
  line[t.length] = 0;
  app->port->log(app->port->user, line);
}
