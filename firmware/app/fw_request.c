#include "fw_request.h"

#include "fw_chat.h"

static int is_empty(const fw_json_value *v) {
  uint32_t micro, i;
  switch (v->type) {
    case FW_JSON_NULL:
    case FW_JSON_FALSE: return 1;
    case FW_JSON_NUMBER: return fw_parse_micro(v->at, v->bytes, &micro) && micro == 0;
    case FW_JSON_STRING: return v->bytes == 0;
    case FW_JSON_ARRAY:
    case FW_JSON_OBJECT:
      for (i = 1; i + 1u < v->bytes; i++) {
        if (v->at[i] != ' ' && v->at[i] != '\t' && v->at[i] != '\n' && v->at[i] != '\r') return 0;
      }
      return 1;
    default: return 0;
  }
}

static int is_one(const fw_json_value *v) {
  uint32_t micro;
  return v->type == FW_JSON_NUMBER && fw_parse_micro(v->at, v->bytes, &micro) && micro == 1000000u;
}

/* Whole numbers as JSON writes them: -3, 20.0, 1e3. What is beyond 64 bits is the largest. */
static int whole(const fw_json_value *v, int *negative, uint64_t *n) {
  const char *p = v->at, *end = v->at + v->bytes;
  int32_t scale = 0, exponent = 0, sign = 1, point = 0;
  *n = 0;
  *negative = v->type == FW_JSON_NUMBER && *p == '-';
  if (v->type != FW_JSON_NUMBER) return 0;
  for (p += *negative; p < end && *p != 'e' && *p != 'E'; p++) {
    if (*p == '.') {
      point = 1;
    } else if (*n < UINT64_MAX / 10u - 1u) {
      *n = *n * 10u + (uint32_t)(*p - '0');
      scale -= point;
    } else {
      scale += !point;
    }
  }
  if (p < end) {
    p++;
    if (*p == '-') sign = -1;
    if (*p == '-' || *p == '+') p++;
    for (; p < end; p++) exponent = exponent < 1000 ? exponent * 10 + (*p - '0') : exponent;
  }
  for (scale += sign * exponent; scale < 0 && *n && *n % 10u == 0; scale++) *n /= 10u;
  if (scale < 0 && *n) return 0;
  for (; scale > 0 && *n; scale--) *n = *n <= UINT64_MAX / 10u ? *n * 10u : UINT64_MAX;
  return 1;
}

static const char *set_u32(fw_http *h, const char *name, uint32_t v) {
  char digits[12];
  fw_text t;
  fw_text_init(&t, digits, sizeof digits);
  fw_put_u32(&t, v);
  return fw_settings_change(&h->settings, name, fw_length(name), t.data, t.length, FW_VALUE_NUMBER);
}

/* ---- members that mean something ---- */

static const char *max_tokens(fw_http *h, fw_json_value *v) {
  int negative;
  uint64_t n;
  /* −1 is "as many as it likes" to many programs; more than the device's limit means the limit. */
  if (!whole(v, &negative, &n) || (negative && n != 1u) || n == 0) return "expected a whole number from 1";
  return set_u32(h, "length", negative || n > 65535u ? 65535u : (uint32_t)n);
}

static const char *temperature(fw_http *h, fw_json_value *v) {
  uint32_t micro;
  if (v->type != FW_JSON_NUMBER || !fw_parse_micro(v->at, v->bytes, &micro) || micro > 10000000u) {
    return "expected a number from 0 to 10";
  }
  if (micro && micro < 50000u) return fw_settings_change(&h->settings, "temperature", 11, "0.05", 4, FW_VALUE_NUMBER);
  return fw_settings_change(&h->settings, "temperature", 11, v->at, v->bytes, FW_VALUE_NUMBER);
}

static const char *top_p(fw_http *h, fw_json_value *v) {
  uint32_t micro;
  if (v->type != FW_JSON_NUMBER || !fw_parse_micro(v->at, v->bytes, &micro) || micro > 1000000u) {
    return "expected a number from 0 to 1";
  }
  /* 0 is the likeliest token alone; to the device's own setting it means off. */
  if (!micro) return fw_settings_change(&h->settings, "top_p", 5, "0.000001", 8, FW_VALUE_NUMBER);
  return fw_settings_change(&h->settings, "top_p", 5, v->at, v->bytes, FW_VALUE_NUMBER);
}

static const char *top_k(fw_http *h, fw_json_value *v) {
  int negative;
  uint64_t n;
  if (!whole(v, &negative, &n) || (negative && n > 1u)) return "expected a whole number from 0, or -1 for off";
  return set_u32(h, "top_k", negative ? 0u : n > 65535u ? 65535u : (uint32_t)n);
}

static const char *seed(fw_http *h, fw_json_value *v) {
  int negative;
  uint64_t n;
  if (!whole(v, &negative, &n)) return "expected a whole number";
  if (negative && n == 1u) return fw_settings_change(&h->settings, "seed", 4, "random", 6, FW_VALUE_WORD);
  return set_u32(h, "seed", negative ? 0u - (uint32_t)n : (uint32_t)n);
}

static const char *penalty(fw_http *h, fw_json_value *v) {
  if (v->type != FW_JSON_NUMBER) return "expected a number from 1 to 4";
  return fw_settings_change(&h->settings, "penalty", 7, v->at, v->bytes, FW_VALUE_NUMBER);
}

static const char *prompt(fw_http *h, fw_json_value *v) {
  fw_json_value string = *v, more;
  if (v->type == FW_JSON_ARRAY) {
    fw_json_walk walk = fw_json_enter(v);
    if (!fw_json_next(&walk, NULL, &string)) return NULL; /* as if it were empty */
    if (fw_json_next(&walk, NULL, &more))
      return "expected one text, or an array of one: this device writes one at a time";
  }
  if (string.type != FW_JSON_STRING) return "expected one text, or an array of one";
  fw_json_unescape(&string);
  h->piece = string.at;
  h->piece_bytes = string.bytes;
  return NULL;
}

static const char *add_stop(fw_http *h, fw_json_value *v) {
  if (v->type != FW_JSON_STRING) return "expected a text, or an array of up to four";
  fw_json_unescape(v);
  if (v->bytes > TLM_STOP_MAX) return "a stop must be a text of at most 32 bytes";
  if (!v->bytes) return NULL;
  if (h->stops == FW_STOPS_MAX - 1u) return "expected a text, or an array of up to four";
  h->stop[h->stops].text = v->at;
  h->stop[h->stops++].bytes = v->bytes;
  return NULL;
}

static const char *stop(fw_http *h, fw_json_value *v) {
  fw_json_walk walk;
  fw_json_value one;
  const char *wrong = NULL;
  h->settings.stop_bytes = 0; /* the device's own gives way, also to none */
  if (v->type != FW_JSON_ARRAY) return add_stop(h, v);
  walk = fw_json_enter(v);
  while (!wrong && fw_json_next(&walk, NULL, &one)) wrong = add_stop(h, &one);
  return wrong;
}

static const char *stream(fw_http *h, fw_json_value *v) {
  if (v->type != FW_JSON_TRUE && v->type != FW_JSON_FALSE) return "expected true or false";
  h->stream = v->type == FW_JSON_TRUE;
  return NULL;
}

static const char *stream_options(fw_http *h, fw_json_value *v) {
  fw_json_value name, value;
  fw_json_walk walk;
  if (v->type != FW_JSON_OBJECT) return "expected an object";
  walk = fw_json_enter(v);
  while (fw_json_next(&walk, &name, &value)) {
    if (fw_equal(name.at, name.bytes, "include_usage")) h->usage = value.type == FW_JSON_TRUE;
  }
  return NULL;
}

static const char *messages(fw_http *h, fw_json_value *v) { return fw_chat_read(h, v); }

static const char *one(fw_http *h, fw_json_value *v) {
  (void)h;
  return is_one(v) ? NULL : "this device writes one text at a time";
}

static const char *format(fw_http *h, fw_json_value *v) {
  fw_json_value name, value;
  fw_json_walk walk;
  (void)h;
  if (v->type != FW_JSON_OBJECT) return "this device writes plain text only";
  walk = fw_json_enter(v);
  while (fw_json_next(&walk, &name, &value)) {
    if (!fw_equal(name.at, name.bytes, "type") || !fw_equal(value.at, value.bytes, "text")) {
      return "this device writes plain text only";
    }
  }
  return NULL;
}

#define TEXT 1u /* of /v1/completions */
#define CHAT 2u /* of /v1/chat/completions */

static const struct {
  const char *name;
  const char *(*read)(fw_http *h, fw_json_value *v);
  uint32_t of;
} known[] = {
  {"prompt", prompt, TEXT},
  {"messages", messages, CHAT},
  {"max_tokens", max_tokens, TEXT | CHAT},
  {"max_completion_tokens", max_tokens, CHAT},
  {"temperature", temperature, TEXT | CHAT},
  {"top_p", top_p, TEXT | CHAT},
  {"top_k", top_k, TEXT | CHAT},
  {"seed", seed, TEXT | CHAT},
  {"repetition_penalty", penalty, TEXT | CHAT},
  {"stop", stop, TEXT | CHAT},
  {"stream", stream, TEXT | CHAT},
  {"stream_options", stream_options, TEXT | CHAT},
  {"n", one, TEXT | CHAT},
  {"best_of", one, TEXT},
  {"response_format", format, CHAT},
};

/* Members that change nothing about the text. */
static const char *const harmless[] = {
  "model",
  "user",
  "store",
  "metadata",
  "service_tier",
  "parallel_tool_calls",
  "safety_identifier",
  "cache_prompt",
  "prompt_cache_key",
  "prompt_cache_retention",
  "id_slot",
  "timings_per_token",
  "return_progress",
};

static const char *member(fw_http *h, const fw_json_value *name, fw_json_value *v) {
  const uint32_t of = h->chat ? CHAT : TEXT;
  uint32_t i;
  if (v->type == FW_JSON_NULL) return NULL; /* as if it were not there */
  h->param = name->at;
  h->param_bytes = name->bytes;
  for (i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (!fw_equal(name->at, name->bytes, known[i].name)) continue;
    if (known[i].of & of) return known[i].read(h, v);
    if (known[i].of == CHAT && known[i].read == messages) return "messages go to /v1/chat/completions";
    if (known[i].read == prompt) return "a prompt goes to /v1/completions; here messages are expected";
  }
  for (i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
    if (fw_equal(name->at, name->bytes, harmless[i])) return NULL;
  }
  if (fw_equal(name->at, name->bytes, "tool_choice") && v->type == FW_JSON_STRING &&
      (fw_equal(v->at, v->bytes, "none") || fw_equal(v->at, v->bytes, "auto"))) {
    return NULL;
  }
  /* What asks for nothing is taken whatever it is called; what might change the text is not ignored. */
  return is_empty(v) ? NULL : "this device does not support it";
}

const char *fw_request_read(fw_http *h) {
  fw_json_value root, name, value;
  fw_json_walk walk;
  if (!fw_json_valid(h->body, h->body_bytes)) return "the body is not valid JSON";
  root = fw_json_root(h->body, h->body_bytes);
  if (root.type != FW_JSON_OBJECT) return "the body must be a JSON object";
  walk = fw_json_enter(&root);
  while (fw_json_next(&walk, &name, &value)) {
    const char *wrong = member(h, &name, &value);
    if (wrong) return wrong;
  }
  h->param = NULL;
  h->param_bytes = 0;
  if (h->chat && !h->turn) {
    h->param = "messages";
    h->param_bytes = 8;
    return "messages are missing";
  }
  return NULL;
}
