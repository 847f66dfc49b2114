#include "fw_info.h"

#include "fw_config.h"

const char *fw_reason_text(uint8_t reason) {
  switch (reason) {
    case TLM_STREAM_EOD: return "end";
    case TLM_STREAM_LIMIT: return "length";
    case TLM_STREAM_STOP: return "stop";
    default: return "cancelled";
  }
}

void fw_put_error(fw_text *t, const fw_error *e) {
  fw_put_char(t, '{');
  fw_member_string(t, "code", e->code);
  fw_member_string(t, "message", e->message);
  fw_put_char(t, '}');
}

void fw_put_result(const fw_app *app, fw_text *t, const fw_result *r) {
  fw_put_char(t, '{');
  if (!r->bench) {
    fw_member_string(t, "reason", fw_reason_text(r->reason));
    fw_member_u32(t, "prompt_tokens", r->prompt_tokens);
  }
  fw_member_u32(t, "tokens", r->tokens);
  fw_member_u32(t, "ms", r->ms);
  fw_put_name(t, "tokens_per_second");
  fw_put_decimal(t, r->rate_x10, 1);
  if (!r->bench) {
    fw_member_u32(t, "seed", r->seed);
  } else {
    if (r->cycles) {
      fw_member_string(t, "counter", app->port->counter);
      fw_member_u32(t, "per_token", r->cycles);
    }
    fw_put_name(t, "device");
    fw_put_char(t, '{');
    if (app->port->describe) app->port->describe(app->port->user, t);
    fw_put_char(t, '}');
  }
  fw_put_char(t, '}');
}

static const char *state_text(fw_model_state state) {
  static const char *const texts[] = {"none", "bad", "ready", "upload"};
  return texts[state];
}

void fw_info_model(const fw_app *app, fw_text *t) {
  static const char *const kinds[] = {"", "byte", "char", "bpe"};
  const tlm_model *m = &app->model;
  uint32_t i, types = 0;
  fw_put_char(t, '{');
  fw_member_string(t, "state", state_text(app->state));
  if (app->state == FW_MODEL_BAD) {
    fw_member_string(t, "error", tlm_error_text((int)app->model_code));
    fw_member_u32(t, "offset", app->fault.offset);
    fw_member_u32(t, "found", app->fault.found);
    fw_member_u32(t, "expected", app->fault.expected);
  } else if (app->state == FW_MODEL_UPLOAD) {
    fw_member_u32(t, "received", app->upload.at);
    fw_member_u32(t, "bytes", app->upload.total);
  } else if (app->state == FW_MODEL_READY) {
    for (i = 0; i < m->tensor_count; i++) types |= 1u << m->tensors[i].type;
    fw_member_u32(t, "bytes", m->file_bytes);
    fw_put_name(t, "crc");
    fw_put_char(t, '"');
    fw_put_hex32(t, m->crc);
    fw_put_char(t, '"');
    fw_member_u32(t, "vocab", m->vocab);
    fw_member_u32(t, "dim", m->dim);
    fw_member_u32(t, "hidden", m->hidden);
    fw_member_u32(t, "layers", m->layers);
    fw_member_u32(t, "weights", m->weights);
    fw_member_string(t, "tokenizer", m->tokenizer_kind < 4u ? kinds[m->tokenizer_kind] : "");
    fw_member_string(t, "packing", (types & 6u) == 6u ? "mixed" : types & 2u ? "t2" : "b3");
  }
  fw_put_char(t, '}');
}

uint32_t fw_info(fw_app *app) {
  uint32_t region = 0;
  fw_text t;
  fw_text_init(&t, app->scratch, sizeof app->scratch);
  app->port->model_region(app->port->user, &region);
  fw_put_char(&t, '{');
  fw_member_string(&t, "name", "tinylm");
  fw_member_string(&t, "version", FW_VERSION);
  fw_member_u32(&t, "protocol", FW_PROTOCOL_VERSION);
  fw_put_name(&t, "model");
  fw_info_model(app, &t);
  fw_member_u32(&t, "storage_bytes", region);
  fw_put_name(&t, "ram");
  fw_put_char(&t, '{');
  fw_member_u32(&t, "engine", app->memory_used);
  fw_member_u32(&t, "engine_limit", app->memory_bytes);
  fw_member_u32(&t, "app", (uint32_t)sizeof *app);
  fw_put_char(&t, '}');
  fw_put_name(&t, "settings");
  fw_settings_put(&app->settings, &t);
  /* What needs no token, and whether there is one for the rest. */
  fw_put_name(&t, "access");
  fw_put_char(&t, '{');
  fw_member_bool(&t, "token", fw_has_token(app));
  fw_member_string(&t, "open", "info, generate");
  fw_put_char(&t, '}');
  fw_member_bool(&t, "busy", app->job.kind != FW_JOB_NONE);
  fw_member_u32(&t, "uptime_s", app->uptime_s);
  fw_put_name(&t, "device");
  fw_put_char(&t, '{');
  if (app->port->describe) app->port->describe(app->port->user, &t);
  fw_put(&t, "}}");
  return t.length;
}

static void metric(fw_text *t, const char *name, const char *type, const char *label, uint32_t v) {
  if (type) {
    fw_put(t, "# TYPE tinylm_");
    fw_put(t, name);
    fw_put_char(t, ' ');
    fw_put(t, type);
    fw_put_char(t, '\n');
  }
  fw_put(t, "tinylm_");
  fw_put(t, name);
  fw_put(t, label);
  fw_put_char(t, ' ');
  fw_put_u32(t, v);
  fw_put_char(t, '\n');
}

void fw_metrics(fw_app *app, fw_text *t) {
  const fw_counters *c = &app->count;
  metric(t, "tokens_total", "counter", "", c->tokens);
  metric(t, "prompt_tokens_total", "counter", "", c->prompt_tokens);
  metric(t, "texts_total", "counter", "{reason=\"end\"}", c->ended[TLM_STREAM_EOD]);
  metric(t, "texts_total", NULL, "{reason=\"length\"}", c->ended[TLM_STREAM_LIMIT]);
  metric(t, "texts_total", NULL, "{reason=\"stop\"}", c->ended[TLM_STREAM_STOP]);
  metric(t, "texts_total", NULL, "{reason=\"cancelled\"}", c->ended[TLM_STREAM_CANCELLED]);
  metric(t, "texts_total", NULL, "{reason=\"error\"}", c->failed);
  fw_put(t, "# TYPE tinylm_generating_seconds_total counter\ntinylm_generating_seconds_total ");
  fw_put_decimal(t, c->busy_ms, 3);
  fw_put_char(t, '\n');
  metric(t, "refused_busy_total", "counter", "", c->refused);
  metric(t, "bad_units_total", "counter", "", c->bad_units);
  metric(t, "uploads_total", "counter", "", c->uploads);
  metric(t, "wrong_tokens_total", "counter", "", c->wrong_tokens);
  metric(t, "foreign_requests_total", "counter", "", c->foreign);
  metric(t, "slow_clients_total", "counter", "", c->slow);
  metric(t, "busy", "gauge", "", app->job.kind != FW_JOB_NONE);
  metric(t, "model_ready", "gauge", "", app->state == FW_MODEL_READY);
  metric(t, "model_bytes", "gauge", "", app->state == FW_MODEL_READY ? app->model.file_bytes : 0u);
  metric(t, "engine_memory_bytes", "gauge", "", app->memory_used);
  metric(t, "uptime_seconds", "counter", "", app->uptime_s);
}
