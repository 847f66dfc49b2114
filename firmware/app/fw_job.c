#include "fw_job.h"

#include "fw_access.h"

static uint32_t now(const fw_app *app) { return app->port->micros(app->port->user); }

static int silent(const fw_app *app, uint32_t since) { return now(app) - since > FW_SILENCE_MS * 1000u; }

static fw_error no_model(const fw_app *app) {
  static const char *const large = "the model needs more RAM than this device has for it; send a smaller one";
  fw_error e = {FW_ERR_NO_MODEL, "no model is in flash; send one"};
  if (app->state == FW_MODEL_BAD) {
    e.code = FW_ERR_BAD_MODEL;
    e.message = app->model_code == TLM_E_MEMORY ? large : tlm_error_text((int)app->model_code);
  }
  if (app->state == FW_MODEL_UPLOAD) e.message = "a model is being sent";
  return e;
}

static tlm_stream_options stream_options(const fw_settings *s) {
  tlm_stream_options o;
  o.max_tokens = s->length;
  o.stop = s->stop;
  o.stop_bytes = s->stop_bytes;
  o.continuous = s->continuous;
  return o;
}

static void seed(fw_app *app, const fw_settings *s) {
  tlm_options o = s->sampling;
  if (s->random_seed) o.seed = app->port->random(app->port->user);
  app->job.seed = o.seed;
  tlm_sampler_init(&app->sampler, &o);
}

static fw_error engine_error(int code) {
  fw_error e = {FW_ERR_ENGINE, tlm_error_text(code)};
  return e;
}

/* Milliseconds since the job began are summed up as it goes on: the clock wraps after 71 minutes. */
static void tick(fw_app *app) {
  const uint32_t passed = (now(app) - app->job.began) / 1000u;
  app->job.began += passed * 1000u;
  app->job.ms += passed;
}

static void finish(fw_app *app, fw_error error) {
  fw_client *owner = app->job.owner;
  fw_result r;
  tick(app);
  r.error = error;
  r.bench = app->job.kind == FW_JOB_BENCH;
  r.reason = r.bench ? TLM_STREAM_LIMIT : (uint8_t)tlm_stream_reason(&app->stream);
  r.prompt_tokens = r.bench ? 0u : tlm_stream_prompt_tokens(&app->stream);
  r.tokens = r.bench ? app->job.bench_done : tlm_stream_generated(&app->stream);
  r.ms = app->job.ms;
  r.rate_x10 = r.tokens ? fw_rate_x10(r.tokens, app->job.busy_micros) : 0u;
  r.cycles = app->job.cycles;
  r.seed = app->job.seed;
  app->count.prompt_tokens += r.prompt_tokens;
  app->count.tokens += r.tokens;
  if (error.code) app->count.failed++;
  else if (!r.bench) app->count.ended[r.reason]++;
  app->job.kind = FW_JOB_NONE;
  app->job.owner = NULL;
  owner->ended(owner, &r);
}

/* ---- making way ---- */

static int owner_trusted(const fw_app *app) { return fw_trusted(app, app->job.owner); }

/* Gives up the job, and says so to its owner; a prompt's owner finds out when it goes on with it. */
static void take_away(fw_app *app, fw_error why) {
  if (app->job.kind != FW_JOB_BENCH) tlm_stream_cancel(&app->stream);
  app->conversation = NULL;
  if (app->job.kind != FW_JOB_PROMPT) {
    finish(app, why);
    return;
  }
  app->job.kind = FW_JOB_NONE;
  app->job.owner = NULL;
}

/* Whether a client without the token has had its turn: what it has got is a text of usual length, or it was slow to ask or take. */
static int turn_is_over(const fw_app *app) {
  const fw_job *job = &app->job;
  const uint32_t age = app->uptime_ms - job->opened;
  if (job->kind == FW_JOB_PROMPT && age > 2000u) return 1;
  if (job->kind == FW_JOB_GENERATE) {
    if (job->settings.continuous && age >= FW_TURN_ENDLESS_MS) return 1;
    if (tlm_stream_generated(&app->stream) >= FW_TURN_TOKENS) return 1;
  }
  return age >= FW_TURN_MS || job->lag >= 500000u;
}

int fw_job_make_way(fw_app *app, const fw_client *client) {
  static const fw_error taken = {FW_ERR_TURN, "another client's turn; ask again"};
  const fw_job *job = &app->job;
  if (job->kind == FW_JOB_NONE) return 1;
  if (owner_trusted(app)) return 0;
  if (!fw_trusted(app, client) && !turn_is_over(app)) return 0;
  take_away(app, taken);
  return 1;
}

/* Whether the client may have the job now. */
static fw_error admit(fw_app *app, const fw_client *client) {
  static const fw_error own = {FW_ERR_BUSY, "a text is being generated; cancel it first"};
  static const fw_error others = {FW_ERR_BUSY, "another client is being served; wait until it is done"};
  if (app->state != FW_MODEL_READY) return no_model(app);
  if (app->job.kind == FW_JOB_NONE) return fw_ok;
  if (app->job.owner == client) return app->job.kind == FW_JOB_PROMPT ? fw_ok : own;
  if (fw_job_make_way(app, client)) return fw_ok;
  app->count.refused++;
  return others;
}

/* The job is this client's now. */
static void take_over(fw_app *app, fw_client *client, fw_job_kind kind) {
  fw_job *job = &app->job;
  job->kind = kind;
  job->owner = client;
  job->opened = app->uptime_ms;
  job->mark = job->cr = 0;
  job->begins = 1;
  job->polled = job->window = now(app);
  job->blocked = job->lag = job->window_blocked = job->window_bytes = 0;
}

/* A new conversation, with its own seed. */
static fw_error converse(fw_app *app, const fw_client *client, const fw_settings *s) {
  const tlm_stream_options o = stream_options(s);
  const int code = tlm_stream_start(&app->stream, &o);
  if (code) return engine_error(code);
  seed(app, s);
  app->conversation = client;
  return fw_ok;
}

fw_error fw_job_open(fw_app *app, fw_client *client, const fw_settings *settings, int fresh) {
  fw_error e = admit(app, client);
  if (e.code) return e;
  if (app->job.kind == FW_JOB_NONE) {
    if (fresh || app->conversation != client) {
      e = converse(app, client, settings);
      if (e.code) return e;
    }
    take_over(app, client, FW_JOB_PROMPT);
  }
  app->job.active = now(app);
  return fw_ok;
}

int fw_job_is(const fw_app *app, const fw_client *client) {
  return (app->job.kind == FW_JOB_PROMPT || app->job.kind == FW_JOB_GENERATE) && app->job.owner == client;
}

static int put(fw_app *app, uint8_t byte) { return tlm_stream_write(&app->stream, &byte, 1) == 1u; }

/* Bytes that were held back as the beginning of a mark, and are none. Returns 0 while there is no room for them. */
static int put_held(fw_app *app) {
  fw_job *job = &app->job;
  if (!job->mark) return 1;
  job->begins = 0;
  if (job->mark < 3u) {
    if (!put(app, 0xefu)) return 0;
    job->mark = job->mark == 2u ? 3u : 0u;
  }
  if (job->mark && !put(app, 0xbbu)) return 0;
  job->mark = 0;
  return 1;
}

/* As texts are cleaned before a training: line ends of all kinds are line feeds, a line has no byte order mark. */
uint32_t fw_job_write(fw_app *app, const fw_client *client, const void *bytes, uint32_t n) {
  const uint8_t *in = (const uint8_t *)bytes;
  fw_job *job = &app->job;
  uint32_t i;
  if (!fw_job_is(app, client)) return 0;
  for (i = 0; i < n; i++) {
    const uint8_t c = in[i];
    const int end = c == '\n' || c == '\r' || c == '\f' || c == '\v';
    if (job->mark == 1u && c == 0xbbu) {
      job->mark = 2;
      continue;
    }
    if (job->mark == 2u && c == 0xbfu) {
      job->mark = 0;
      continue;
    }
    if (!put_held(app)) break;
    if (c == 0xefu && job->begins) {
      job->mark = 1;
      job->cr = 0;
      continue;
    }
    if (!(c == '\n' && job->cr)) {
      if (!put(app, end ? (uint8_t)'\n' : c)) break;
      job->begins = (uint8_t)end;
    }
    job->cr = c == '\r';
  }
  if (i) job->active = now(app);
  return i;
}

fw_error fw_job_generate(fw_app *app, fw_client *client, const fw_settings *settings, int reseed) {
  const tlm_stream_options o = stream_options(settings);
  fw_error e = fw_job_open(app, client, settings, 0);
  if (e.code) return e;
  app->job.settings = *settings;
  if (reseed) seed(app, settings);
  else tlm_sampler_set(&app->sampler, &settings->sampling);
  tlm_stream_set(&app->stream, &o);
  put_held(app);
  tlm_stream_submit(&app->stream);
  app->job.kind = FW_JOB_GENERATE;
  app->job.began = now(app);
  app->job.ms = 0;
  app->job.busy_micros = 0;
  return fw_ok;
}

fw_error fw_job_bench(fw_app *app, fw_client *client, uint32_t tokens) {
  fw_error e = admit(app, client);
  if (e.code) return e;
  e = converse(app, client, &app->settings);
  if (e.code) return e;
  app->conversation = NULL; /* what the bench leaves behind is nobody's */
  take_over(app, client, FW_JOB_BENCH);
  app->job.bench_tokens = tokens;
  app->job.bench_done = 0;
  app->job.cycles = app->job.cycles_rest = 0;
  app->job.began = app->job.active = now(app);
  app->job.ms = 0;
  app->job.busy_micros = 0;
  return fw_ok;
}

static uint32_t deliver(fw_app *app, uint32_t room) {
  char text[FW_TEXT_PIECE];
  uint32_t n;
  if (room > sizeof text) room = sizeof text;
  if (room < 4u) return 0;
  n = tlm_stream_read(&app->stream, text, room);
  if (n) {
    app->job.owner->text(app->job.owner, text, n);
    app->job.active = now(app);
    app->job.window_bytes += n;
  }
  return n;
}

int fw_job_cancel(fw_app *app, fw_client *client) {
  if (app->job.kind == FW_JOB_NONE || app->job.owner != client) return 0;
  if (app->job.kind == FW_JOB_BENCH) {
    app->job.cycles = 0; /* a mean over tokens that were not made */
    finish(app, fw_ok);
    return 1;
  }
  tlm_stream_cancel(&app->stream);
  if (app->job.kind == FW_JOB_PROMPT) {
    app->job.kind = FW_JOB_NONE;
    app->job.owner = NULL;
    return 1;
  }
  while (deliver(app, FW_TEXT_PIECE)) {}
  finish(app, fw_ok);
  return 1;
}

fw_error fw_reset(fw_app *app, fw_client *client) {
  static const fw_error others = {FW_ERR_BUSY, "another client is being served; wait until it is done"};
  fw_error e = fw_ok;
  if (app->job.kind != FW_JOB_NONE && app->job.owner != client) return others; /* no reason to end what runs */
  e = admit(app, client);
  if (e.code) return e;
  if (app->job.kind == FW_JOB_PROMPT) fw_job_cancel(app, client);
  if (app->conversation == client) app->conversation = NULL;
  return fw_ok;
}

void fw_job_gone(fw_app *app, fw_client *client) {
  if (app->job.kind != FW_JOB_NONE && app->job.owner == client) {
    if (app->job.kind != FW_JOB_BENCH) tlm_stream_cancel(&app->stream);
    app->count.ended[TLM_STREAM_CANCELLED]++;
    app->job.kind = FW_JOB_NONE;
    app->job.owner = NULL;
  }
  if (app->conversation == client) app->conversation = NULL;
}

static void spent(fw_app *app, uint32_t micros) {
  app->job.busy_micros += micros;
  app->count.busy_micros += micros;
  app->count.busy_ms += app->count.busy_micros / 1000u;
  app->count.busy_micros %= 1000u;
}

static int poll_bench(fw_app *app) {
  const uint32_t began = now(app), c0 = app->port->cycles ? app->port->cycles(app->port->user) : 0u;
  const int token = tlm_sample(&app->engine, &app->sampler);
  const int code = token < 0 ? token : tlm_step(&app->engine, (uint32_t)token);
  if (code < 0) {
    finish(app, engine_error(code));
    return 1;
  }
  if (app->port->cycles) {
    /* The sum of many tokens would not fit 32 bits: it is kept divided, with its remainders. */
    const uint32_t c = app->port->cycles(app->port->user) - c0;
    app->job.cycles_rest += c % app->job.bench_tokens;
    app->job.cycles += c / app->job.bench_tokens;
  }
  spent(app, now(app) - began);
  if (++app->job.bench_done == app->job.bench_tokens) {
    app->job.cycles += app->job.cycles_rest / app->job.bench_tokens;
    finish(app, fw_ok);
  }
  return 1;
}

/* µs: a reader that was slow is forgiven after as long a time without delay. */
#define LAG_MAX 3000000u

/*
 * Adds up how long the text has waited for its client. 1 when that is too slow a reader: over FW_SILENCE_MS it held the
 * text up for most of the time and took less than FW_SLOW_BYTES of it.
 */
static int too_slow(fw_app *app, int full) {
  fw_job *job = &app->job;
  const uint32_t passed = now(app) - job->polled, window = FW_SILENCE_MS * 1000u;
  int slow;
  job->polled += passed;
  if (full) {
    job->blocked += passed;
    job->lag += passed < LAG_MAX - job->lag ? passed : LAG_MAX - job->lag;
  } else {
    job->lag -= passed < job->lag ? passed : job->lag;
  }
  if (now(app) - job->window < window && job->blocked < 1000000u) return 0;
  job->window_blocked += job->blocked / 1000u;
  job->blocked %= 1000u;
  if (now(app) - job->window < window) return 0;
  slow = job->window_blocked > FW_SILENCE_MS / 2u && job->window_bytes < FW_SLOW_BYTES;
  job->window = now(app);
  job->window_bytes = job->window_blocked = 0;
  return slow && job->owner->network;
}

static int poll_stream(fw_app *app) {
  static const fw_error stalled = {FW_ERR_STALLED, "the text was not taken for 10 seconds"};
  static const fw_error slow = {FW_ERR_STALLED, "the text was taken too slowly: less than 1024 bytes in 10 seconds"};
  static const fw_error endless = {FW_ERR_TURN, "without the device's token a text without end lasts for a minute"};
  const uint32_t began = now(app);
  const uint32_t room = app->job.owner->room(app->job.owner);
  const uint32_t delivered = deliver(app, room);
  const int full = room < 4u, tardy = too_slow(app, full);
  int state;
  if ((!delivered && full && silent(app, app->job.active)) || tardy) {
    app->count.slow++;
    take_away(app, tardy ? slow : stalled);
    return 1;
  }
  if (app->job.kind == FW_JOB_GENERATE && app->job.settings.continuous && !owner_trusted(app) &&
      app->uptime_ms - app->job.opened > FW_ENDLESS_MS) {
    take_away(app, endless);
    return 1;
  }
  state = tlm_stream_poll(&app->stream);
  if (state < 0) {
    finish(app, engine_error(state));
    return 1;
  }
  switch (state) {
    case TLM_STREAM_GENERATING: spent(app, now(app) - began); return 1;
    case TLM_STREAM_ENDED:
      spent(app, now(app) - began);
      if (app->stream.out_count) return 1; /* what is left goes first */
      finish(app, fw_ok);
      return 1;
    case TLM_STREAM_IDLE:
      if (app->job.kind == FW_JOB_PROMPT && silent(app, app->job.active)) fw_job_cancel(app, app->job.owner);
      return 0;
    case TLM_STREAM_FULL: return 0;
    default: return 1;
  }
}

int fw_job_poll(fw_app *app) {
  if (app->job.kind == FW_JOB_NONE) return 0;
  if (app->job.kind != FW_JOB_PROMPT) tick(app);
  return app->job.kind == FW_JOB_BENCH ? poll_bench(app) : poll_stream(app);
}
