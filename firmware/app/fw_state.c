#include "fw_state.h"

const fw_error fw_ok = {NULL, NULL};

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
