#include "fw_commands.h"

#include "fw_access.h"
#include "fw_info.h"
#include "fw_job.h"
#include "fw_settings.h"

typedef struct words {
  char *at;
  char *end;
} words;

static void say(fw_session *s, const char *text) { fw_say_text(s, text); }

/* The next word, or what stands between quotes; 0 when there is none. */
static int next_word(words *w, char **word, uint32_t *n) {
  while (w->at < w->end && (*w->at == ' ' || *w->at == '\t')) w->at++;
  if (w->at == w->end) return 0;
  if (*w->at == '"') {
    *word = ++w->at;
    while (w->at < w->end && *w->at != '"') w->at++;
    *n = (uint32_t)(w->at - *word);
    if (w->at < w->end) w->at++;
    return 1;
  }
  *word = w->at;
  while (w->at < w->end && *w->at != ' ' && *w->at != '\t') w->at++;
  *n = (uint32_t)(w->at - *word);
  return 1;
}

/* JSON with a line for each member of the outermost object. */
static void say_json(fw_session *s, const char *p, uint32_t n) {
  uint32_t depth = 0, from = 0, i;
  int quoted = 0;
  for (i = 0; i < n; i++) {
    if (p[i] == '"' && (!i || p[i - 1] != '\\')) quoted = !quoted;
    if (quoted) continue;
    if (p[i] == '{') depth++;
    if (p[i] == '}') depth--;
    if (depth != 1u || (p[i] != ',' && p[i] != '{')) continue;
    fw_say(s, p + from, i + 1 - from);
    say(s, "\n ");
    from = i + 1;
  }
  fw_say(s, p + from, n - from);
  say(s, "\n");
}

static fw_error bad(const char *message) {
  fw_error e = {FW_ERR_BAD_REQUEST, NULL};
  e.message = message;
  return e;
}

static fw_error begin_prompt(fw_session *s, uint32_t at, int continuous) {
  fw_error e = fw_job_open(s->app, &s->client, &s->app->settings, !s->app->settings.keep);
  if (e.code) return e;
  s->pending = FW_PENDING_LINE;
  s->pending_at = at;
  s->continuous = (uint8_t)continuous;
  return fw_ok;
}

/* ---- commands: what is wrong, or fw_ok. `answered` ones say nothing more; a job's mark comes when it ends. ---- */

static fw_error help(fw_session *s, words *w) {
  (void)w;
  say(s,
      "A line is the beginning of a text; the device goes on with it.\n"
      "/info                 what this device is, and its model\n"
      "/set                  all settings\n"
      "/set name value       temperature top_k top_p penalty penalty_window seed length stop keep\n"
      "/generate             a text from nothing\n"
      "/continuous [text]    without end; what you type goes into the text\n"
      "/cancel               ends what runs (also Ctrl-C)\n"
      "/reset                forgets the conversation (see /set keep on)\n"
      "/bench [tokens]       speed\n"
      "/echo on|off          show what is typed      /status on|off  the line in brackets\n"
      "/auth token           on a network connection: permits changes\n"
      "/wifi name [password] /token [token] /name host   kept; used after /restart\n"
      "/allow [origin name …] web pages that may call this device, names it is called by\n"
      "/load                 how to send a model     /restart\n");
  return fw_ok;
}

static fw_error info(fw_session *s, words *w) {
  (void)w;
  say_json(s, s->app->scratch, fw_info(s->app));
  return fw_ok;
}

static fw_error set(fw_session *s, words *w) {
  char *name, *value;
  const char *wrong;
  uint32_t name_bytes, value_bytes = 0;
  fw_error e;
  if (next_word(w, &name, &name_bytes)) {
    e = fw_may_change(s->app, &s->client);
    if (e.code) return e;
    if (!next_word(w, &value, &value_bytes)) {
      if (!fw_equal(name, name_bytes, "stop")) return bad("expected /set name value");
      value = w->end;
    }
    wrong = fw_settings_change(&s->app->settings, name, name_bytes, value, value_bytes, FW_VALUE_WORD);
    if (wrong) {
      e.code = FW_ERR_BAD_VALUE;
      e.message = wrong;
      return e;
    }
  }
  {
    fw_text t;
    fw_text_init(&t, s->app->scratch, sizeof s->app->scratch);
    fw_settings_put(&s->app->settings, &t);
    fw_say(s, t.data, t.length);
    say(s, "\n");
  }
  return fw_ok;
}

static fw_error generate(fw_session *s, words *w) {
  (void)w;
  return begin_prompt(s, s->reader.length, 0);
}

static fw_error continuous(fw_session *s, words *w) {
  while (w->at < w->end && *w->at == ' ') w->at++;
  return begin_prompt(s, (uint32_t)((uint8_t *)w->at - s->reader.data), 1);
}

static fw_error cancel(fw_session *s, words *w) {
  static const fw_error idle = {FW_ERR_IDLE, "nothing runs for this client"};
  (void)w;
  return fw_job_cancel(s->app, &s->client) ? fw_ok : idle;
}

static fw_error reset(fw_session *s, words *w) {
  (void)w;
  return fw_reset(s->app, &s->client);
}

static fw_error bench(fw_session *s, words *w) {
  char *word;
  uint32_t n, tokens = 64;
  fw_error e;
  if (next_word(w, &word, &n) && (!fw_parse_u32(word, n, &tokens) || !tokens || tokens > 10000u)) {
    return bad("expected a number of tokens from 1 to 10000");
  }
  e = fw_job_bench(s->app, &s->client, tokens);
  if (!e.code) s->framed = 0;
  return e;
}

static fw_error on_off(words *w, uint8_t *flag) {
  char *word;
  uint32_t n;
  if (!next_word(w, &word, &n)) return bad("expected on or off");
  if (fw_equal(word, n, "on")) *flag = 1;
  else if (fw_equal(word, n, "off")) *flag = 0;
  else return bad("expected on or off");
  return fw_ok;
}

static fw_error echo(fw_session *s, words *w) { return on_off(w, &s->echo); }
static fw_error status(fw_session *s, words *w) { return on_off(w, &s->status); }

static fw_error auth(fw_session *s, words *w) {
  char *word = w->end;
  uint32_t n = 0;
  if (!s->client.network) return fw_ok; /* trusted already */
  next_word(w, &word, &n);
  return fw_authorize(s->app, &s->client, word, n);
}

/* One word for the key, and a second one for the next key where `two`. */
static fw_error keep(fw_session *s, words *w, uint32_t key, int may_be_empty, int two) {
  fw_config changes = {{NULL}, {0}};
  char *word = w->end, *second = w->end;
  uint32_t n = 0, m = 0;
  const fw_error e = fw_may_change(s->app, &s->client);
  if (e.code) return e;
  if (!next_word(w, &word, &n) && !may_be_empty) return bad("a word is missing");
  changes.text[key] = word;
  changes.bytes[key] = n;
  if (two) {
    next_word(w, &second, &m);
    changes.text[key + 1u] = second;
    changes.bytes[key + 1u] = m;
  }
  if (next_word(w, &word, &n)) return bad("there are more words than expected; put \" around what has spaces");
  return fw_config_change(s->app, &changes);
}

static fw_error wifi(fw_session *s, words *w) {
  const fw_error e = keep(s, w, fw_config_key("ssid", 4), 0, 1);
  if (!e.code) say(s, "[kept; /restart to use it]\n");
  return e;
}

static fw_error token(fw_session *s, words *w) { return keep(s, w, fw_config_key("token", 5), 1, 0); }

static fw_error name(fw_session *s, words *w) { return keep(s, w, fw_config_key("name", 4), 0, 0); }

/* Everything after the command: names and origins with spaces between them. */
static fw_error allow(fw_session *s, words *w) {
  fw_config changes = {{NULL}, {0}};
  const uint32_t key = fw_config_key("allow", 5);
  const fw_error e = fw_may_change(s->app, &s->client);
  if (e.code) return e;
  while (w->at < w->end && *w->at == ' ') w->at++;
  changes.text[key] = w->at;
  changes.bytes[key] = (uint32_t)(w->end - w->at);
  return fw_config_change(s->app, &changes);
}

static fw_error load(fw_session *s, words *w) {
  (void)w;
  say(s,
      "A model is a file, so a program sends it:\n"
      "  tinylm flash model.tlm --port <this port>      over the serial line, by the chip's loader\n"
      "  curl -H 'Authorization: Bearer <token>' --data-binary @model.tlm http://<this device>/model\n"
      "or in frames, as SPEC.md 6.3 describes.\n");
  return fw_ok;
}

static fw_error restart(fw_session *s, words *w) {
  static const fw_error unsupported = {FW_ERR_UNSUPPORTED, "this device cannot restart itself"};
  const fw_error e = fw_may_change(s->app, &s->client);
  (void)w;
  if (e.code) return e;
  if (!s->app->port->restart) return unsupported;
  s->restarting = 1;
  return fw_ok;
}

static const struct {
  const char *name;
  fw_error (*run)(fw_session *s, words *w);
} commands[] = {
  {"/help", help},     {"/info", info},       {"/set", set},     {"/generate", generate}, {"/continuous", continuous},
  {"/cancel", cancel}, {"/reset", reset},     {"/bench", bench}, {"/echo", echo},         {"/status", status},
  {"/auth", auth},     {"/wifi", wifi},       {"/token", token}, {"/name", name},         {"/allow", allow},
  {"/load", load},     {"/restart", restart},
};

static fw_error command(fw_session *s, char *line, uint32_t n) {
  static const fw_error unknown = {FW_ERR_UNKNOWN,
                                   "no such command; /help lists them (a prompt with a slash "
                                   "begins with //)"};
  words w;
  char *word;
  uint32_t length, i;
  w.at = line;
  w.end = line + n;
  next_word(&w, &word, &length);
  for (i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (fw_equal(word, length, commands[i].name)) return commands[i].run(s, &w);
  }
  return unknown;
}

/* A web page can make a browser send a form to any port: its request must not be taken for prompts and commands. */
static int is_http(const char *line, uint32_t n) {
  return n > 9u && (fw_equal(line + n - 9u, 9, " HTTP/1.1") || fw_equal(line + n - 9u, 9, " HTTP/1.0"));
}

void fw_session_line(fw_session *s, char *line, uint32_t n) {
  const fw_client *self = &s->client;
  fw_error e = fw_ok;
  if (s->client.network && is_http(line, n)) {
    s->hang_up = 1;
    s->app->count.foreign++;
    return;
  }
  if (n > 1u && line[0] == '/' && line[1] != '/') {
    e = command(s, line, n);
  } else if (n) {
    const uint32_t at = line[0] == '/' && n > 1u ? 1u : 0u;
    if (s->app->job.kind == FW_JOB_GENERATE && s->app->job.owner == self && s->app->job.settings.continuous) {
      s->pending = FW_PENDING_INSERT;
      s->pending_at = at;
    } else {
      e = begin_prompt(s, at, 0);
    }
  }
  if (e.code) {
    s->app->count.bad_units++;
    fw_say_error(s, &e);
  }
  /* The mark comes when the job has ended; /cancel has shown it already. */
  if (s->app->job.owner == self || s->pending) return;
  if (n && fw_equal(line, n, "/cancel") && !e.code) return;
  fw_say_mark(s);
}
