#include "fw_settings.h"

void fw_settings_of_model(fw_settings *s, const tlm_model *model) {
  const uint32_t seed = s->sampling.seed;
  s->sampling = tlm_options_of(model);
  s->sampling.seed = seed;
  /* Where the penalty is off, the window of one that is set later. */
  if (s->sampling.penalty == tlm_options_default().penalty) s->sampling.penalty_window = TLM_RECENT_MAX;
}

fw_settings fw_settings_default(void) {
  fw_settings s;
  s.sampling = tlm_options_default();
  s.sampling.penalty_window = TLM_RECENT_MAX;
  s.length = 200;
  s.random_seed = 1;
  s.keep = 0;
  s.continuous = 0;
  s.stop_bytes = 0;
  return s;
}

typedef struct value {
  const char *text;
  uint32_t n;
  fw_value_kind kind;
} value;

static int number_of(const value *v, uint32_t *micro) {
  return (v->kind == FW_VALUE_WORD || v->kind == FW_VALUE_NUMBER) && fw_parse_micro(v->text, v->n, micro);
}

static int whole_of(const value *v, uint32_t *n) {
  return (v->kind == FW_VALUE_WORD || v->kind == FW_VALUE_NUMBER) && fw_parse_u32(v->text, v->n, n);
}

static const char *set_temperature(fw_settings *s, const value *v) {
  uint32_t micro;
  if (!number_of(v, &micro) || (micro && (micro < 50000u || micro > 10000000u))) {
    return "temperature must be 0 or from 0.05 to 10";
  }
  s->sampling.temperature = (uint16_t)fw_fixed(micro, 8);
  if (micro && s->sampling.temperature < 13u) s->sampling.temperature = 13;
  return NULL;
}

static const char *set_top_k(fw_settings *s, const value *v) {
  uint32_t n;
  if (!whole_of(v, &n) || n > 65535u) return "top_k must be a whole number from 0 (off) to 65535";
  s->sampling.top_k = (uint16_t)n;
  return NULL;
}

static const char *set_top_p(fw_settings *s, const value *v) {
  uint32_t micro;
  if (!number_of(v, &micro) || micro > 1000000u) return "top_p must be from 0 (off) to 1";
  s->sampling.top_p = (uint16_t)(micro == 1000000u ? 0u : fw_fixed(micro, 15));
  if (micro && micro < 1000000u && !s->sampling.top_p) s->sampling.top_p = 1;
  return NULL;
}

static const char *set_penalty(fw_settings *s, const value *v) {
  uint32_t micro;
  if (!number_of(v, &micro) || micro < 1000000u || micro > 4000000u) return "penalty must be from 1 (off) to 4";
  s->sampling.penalty = (uint16_t)fw_fixed(micro, 10);
  return NULL;
}

static const char *set_penalty_window(fw_settings *s, const value *v) {
  uint32_t n;
  if (!whole_of(v, &n) || n > TLM_RECENT_MAX) return "penalty_window must be a whole number from 0 to 64";
  s->sampling.penalty_window = (uint8_t)n;
  return NULL;
}

static const char *set_seed(fw_settings *s, const value *v) {
  uint32_t n;
  if ((v->kind == FW_VALUE_WORD || v->kind == FW_VALUE_STRING) && fw_equal(v->text, v->n, "random")) {
    s->random_seed = 1;
    return NULL;
  }
  if (!whole_of(v, &n)) return "seed must be random or a whole number from 0 to 4294967295";
  s->random_seed = 0;
  s->sampling.seed = n;
  return NULL;
}

static const char *set_length(fw_settings *s, const value *v) {
  uint32_t n;
  if (!whole_of(v, &n) || !n || n > 65535u) return "length must be a whole number from 1 to 65535";
  s->length = n;
  return NULL;
}

static const char *set_stop(fw_settings *s, const value *v) {
  if ((v->kind != FW_VALUE_WORD && v->kind != FW_VALUE_STRING) || v->n > TLM_STOP_MAX) {
    return "stop must be a text of at most 32 bytes";
  }
  fw_copy(s->stop, v->text, v->n);
  s->stop_bytes = (uint8_t)v->n;
  return NULL;
}

static int switch_of(const value *v, uint8_t *on) {
  if (v->kind != FW_VALUE_WORD && v->kind != FW_VALUE_BOOL) return 0;
  if (fw_equal(v->text, v->n, "true") || fw_equal(v->text, v->n, "on")) *on = 1;
  else if (fw_equal(v->text, v->n, "false") || fw_equal(v->text, v->n, "off")) *on = 0;
  else return 0;
  return 1;
}

static const char *set_keep(fw_settings *s, const value *v) {
  return switch_of(v, &s->keep) ? NULL : "keep must be on or off (in JSON true or false)";
}

static const struct {
  const char *name;
  const char *(*set)(fw_settings *s, const value *v);
} entries[] = {
  {"temperature", set_temperature},
  {"top_k", set_top_k},
  {"top_p", set_top_p},
  {"penalty", set_penalty},
  {"penalty_window", set_penalty_window},
  {"seed", set_seed},
  {"length", set_length},
  {"stop", set_stop},
  {"keep", set_keep},
};

const char *fw_settings_change(fw_settings *s, const char *name, uint32_t name_bytes, const char *text,
                               uint32_t text_bytes, fw_value_kind kind) {
  const value v = {text, text_bytes, kind};
  uint32_t i;
  for (i = 0; i < sizeof entries / sizeof entries[0]; i++) {
    if (fw_equal(name, name_bytes, entries[i].name)) return entries[i].set(s, &v);
  }
  return "no such setting; there are temperature, top_k, top_p, penalty, penalty_window, seed, length, stop, keep";
}

const char *fw_settings_from_json(fw_settings *s, char *json, uint32_t n, int continuous_allowed) {
  fw_settings changed = *s;
  fw_json_value root, name, member;
  fw_json_walk walk;
  if (!n) return NULL;
  if (!fw_json_valid(json, n)) return "not valid JSON";
  root = fw_json_root(json, n);
  if (root.type != FW_JSON_OBJECT) return "expected a JSON object";
  walk = fw_json_enter(&root);
  while (fw_json_next(&walk, &name, &member)) {
    const char *wrong;
    fw_value_kind kind;
    if (continuous_allowed && fw_equal(name.at, name.bytes, "continuous")) {
      if (member.type != FW_JSON_TRUE && member.type != FW_JSON_FALSE) return "continuous must be true or false";
      changed.continuous = member.type == FW_JSON_TRUE;
      continue;
    }
    switch (member.type) {
      case FW_JSON_NUMBER: kind = FW_VALUE_NUMBER; break;
      case FW_JSON_STRING:
        fw_json_unescape(&member);
        kind = FW_VALUE_STRING;
        break;
      case FW_JSON_TRUE:
      case FW_JSON_FALSE: kind = FW_VALUE_BOOL; break;
      default: return "a setting must be a number, a text, true or false";
    }
    wrong = fw_settings_change(&changed, name.at, name.bytes, member.at, member.bytes, kind);
    if (wrong) return wrong;
  }
  *s = changed;
  return NULL;
}

void fw_settings_put(const fw_settings *s, fw_text *t) {
  fw_put_char(t, '{');
  fw_put_name(t, "temperature");
  fw_put_fixed(t, s->sampling.temperature, 8);
  fw_member_u32(t, "top_k", s->sampling.top_k);
  fw_put_name(t, "top_p");
  fw_put_fixed(t, s->sampling.top_p, 15);
  fw_put_name(t, "penalty");
  fw_put_fixed(t, s->sampling.penalty, 10);
  fw_member_u32(t, "penalty_window", s->sampling.penalty_window);
  if (s->random_seed) fw_member_string(t, "seed", "random");
  else fw_member_u32(t, "seed", s->sampling.seed);
  fw_member_u32(t, "length", s->length);
  fw_put_name(t, "stop");
  fw_put_char(t, '"');
  fw_put_escaped(t, s->stop, s->stop_bytes);
  fw_put_char(t, '"');
  fw_member_bool(t, "keep", s->keep);
  fw_put_char(t, '}');
}
