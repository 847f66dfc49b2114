#include "fw_access.h"

/* ---- the token ---- */

int fw_trusted(const fw_app *app, const fw_client *client) {
  return !client->network || client->authorized == app->token_changes + 1u;
}

fw_error fw_may_change(const fw_app *app, const fw_client *client) {
  static const fw_error closed = {FW_ERR_FORBIDDEN,
                                  "this device has no token, so nothing can be changed over the "
                                  "network; set one over the serial line with /token"};
  static const fw_error refused = {FW_ERR_FORBIDDEN, "this needs the device's token"};
  if (fw_trusted(app, client)) return fw_ok;
  return fw_has_token(app) ? refused : closed;
}

uint32_t fw_token_wait(const fw_app *app) {
  const uint32_t left = app->guess_from - app->uptime_s;
  return left <= FW_WAIT_MAX_S ? left : 0u;
}

static void wrong_guess(fw_app *app) {
  const uint32_t minutes = (app->uptime_s - app->guessed_at) / 60u;
  uint32_t wait = 0;
  app->guesses = minutes < app->guesses ? app->guesses - minutes : 0u;
  app->guesses++;
  app->guessed_at = app->uptime_s;
  app->count.wrong_tokens++;
  if (app->guesses > FW_FREE_GUESSES) {
    const uint32_t doublings = app->guesses - FW_FREE_GUESSES - 1u;
    wait = doublings < 6u ? 1u << doublings : FW_WAIT_MAX_S;
    if (app->guesses > FW_FREE_GUESSES + 7u) app->guesses = FW_FREE_GUESSES + 7u;
  }
  app->guess_from = app->uptime_s + wait;
  fw_log(app, "a wrong token came over the network", wait ? "; none is looked at for a while" : "", "");
}

fw_error fw_authorize(fw_app *app, fw_client *client, const char *text, uint32_t n) {
  static const fw_error wrong = {FW_ERR_FORBIDDEN, "this is not the device's token"};
  static const fw_error wait = {FW_ERR_WAIT, "too many wrong tokens came; wait, then show the right one again"};
  char token[FW_CONFIG_MAX];
  client->authorized = 0;
  if (!fw_has_token(app)) return wrong; /* there is nothing to guess */
  if (fw_token_wait(app)) return wait;
  if (app->port->config_get(app->port->user, "token", token) || !fw_same_secret(text, n, token)) {
    wrong_guess(app);
    return wrong;
  }
  client->authorized = app->token_changes + 1u;
  return fw_ok;
}

/* ---- Host and Origin ---- */

static uint32_t host_end(const char *p, uint32_t n) {
  uint32_t i = 0;
  if (n && p[0] == '[') {
    while (i < n && p[i] != ']') i++;
    return i < n ? i + 1u : 0u;
  }
  while (i < n && p[i] != ':') i++;
  return i;
}

static int same_text(const char *a, uint32_t n, const char *b, uint32_t m) {
  uint32_t i;
  for (i = 0; i < n && i < m; i++) {
    const char x = a[i] >= 'A' && a[i] <= 'Z' ? (char)(a[i] + 32) : a[i];
    const char y = b[i] >= 'A' && b[i] <= 'Z' ? (char)(b[i] + 32) : b[i];
    if (x != y) return 0;
  }
  return n == m;
}

/* Whether a word of the list, parted by spaces or commas, is this text. */
static int listed(const char *list, const char *p, uint32_t n) {
  while (*list) {
    uint32_t m = 0;
    while (*list == ' ' || *list == ',') list++;
    while (list[m] && list[m] != ' ' && list[m] != ',') m++;
    if (m && same_text(list, m, p, n)) return 1;
    list += m;
  }
  return 0;
}

/* Four numbers, or something in brackets: nobody can point an address at another machine. */
static int is_address(const char *p, uint32_t n) {
  uint32_t i, dots = 0, digits = 0;
  if (n > 2u && p[0] == '[') {
    for (i = 1; i < n - 1u; i++) {
      const char c = p[i];
      if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f') || c == ':' || c == '.')) return 0;
    }
    return p[n - 1u] == ']';
  }
  for (i = 0; i < n; i++) {
    if (p[i] == '.') {
      if (!digits) return 0;
      dots++;
      digits = 0;
    } else if (p[i] >= '0' && p[i] <= '9' && digits < 3u) {
      digits++;
    } else {
      return 0;
    }
  }
  return dots == 3u && digits;
}

/*
 * A name that an attacker owns can be pointed at this device's address after its page was loaded (DNS rebinding): then
 * page and device look like one site. A name without a dot is nobody's to own: it is given by this network.
 */
static int own_host(const fw_app *app, const char *list, const char *host, uint32_t n) {
  char name[FW_CONFIG_MAX];
  uint32_t i, dots = 0;
  const uint32_t end = host_end(host, n);
  for (i = end + (end < n ? 1u : 0u); i < n; i++) {
    if (host[i] < '0' || host[i] > '9') return 0;
  }
  if (!end || (end < n && host[end] != ':')) return 0;
  if (is_address(host, end)) return 1;
  for (i = 0; i < end; i++) {
    const char c = host[i];
    if (c == '.') dots++;
    else if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '_')) return 0;
  }
  if (!dots || listed(list, host, end) || listed(list, host, n)) return 1;
  if (!app->port->config_get || app->port->config_get(app->port->user, "name", name)) return 0;
  i = fw_length(name);
  return dots == 1u && end == i + 6u && same_text(host, i, name, i) && same_text(host + i, 6, ".local", 6);
}

fw_origin fw_origin_of(const fw_app *app, const char *host, const char *origin) {
  char list[FW_CONFIG_MAX];
  const uint32_t h = host ? fw_length(host) : 0u, o = origin ? fw_length(origin) : 0u;
  uint32_t scheme = 0;
  if (!app->port->config_get || app->port->config_get(app->port->user, "allow", list)) list[0] = 0;
  if (host && !own_host(app, list, host, h)) return FW_ORIGIN_FOREIGN;
  if (!origin) return FW_ORIGIN_OWN;
  if (o >= 8u && same_text(origin, 7, "http://", 7)) scheme = 7;
  else if (o >= 9u && same_text(origin, 8, "https://", 8)) scheme = 8;
  if (scheme && host && same_text(origin + scheme, o - scheme, host, h)) return FW_ORIGIN_OWN;
  return listed(list, origin, o) || listed(list, "*", 1) ? FW_ORIGIN_ALLOWED : FW_ORIGIN_FOREIGN;
}
