#include "fw_app.h"

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

/* The clock wraps after 71 minutes; what passed is added up. */
static void tell_time(fw_app *app) {
  const uint32_t now = app->port->micros(app->port->user);
  uint32_t ms;
  app->uptime_rest += now - app->uptime_seen;
  app->uptime_seen = now;
  ms = app->uptime_rest / 1000u;
  app->uptime_rest %= 1000u;
  app->uptime_part += ms;
  app->uptime_ms += ms;
  app->uptime_s += app->uptime_part / 1000u;
  app->uptime_part %= 1000u;
}

int fw_app_poll(fw_app *app) {
  tell_time(app);
  fw_upload_poll(app);
  return fw_job_poll(app);
}

void fw_client_gone(fw_app *app, fw_client *client) {
  fw_job_gone(app, client);
  fw_upload_gone(app, client);
  client->authorized = 0;
}
