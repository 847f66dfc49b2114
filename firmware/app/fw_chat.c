#include "fw_chat.h"

static const char *const part_names[FW_CHAT_PARTS] = {"system", "user", "assistant", "end"};

enum { STEP_BEFORE, STEP_CONTENT, STEP_AFTER, STEP_NONE };

/* A copy without escapes; 0 when it is no string or too long. */
static int copy_part(char part[FW_CHAT_PART], const fw_json_value *v) {
  char escaped[6u * FW_CHAT_PART];
  fw_json_value copy = {escaped, 0, FW_JSON_STRING};
  if (v->type != FW_JSON_STRING || v->bytes > sizeof escaped) return 0;
  fw_copy(escaped, v->at, v->bytes);
  copy.bytes = v->bytes;
  fw_json_unescape(&copy);
  return fw_copy_text(part, FW_CHAT_PART, copy.at, copy.bytes);
}

/* The member of the metadata, which is only read: it lies in flash. 0: a story model. */
static int read_template(fw_http *h) {
  const tlm_model *m = &h->app->model;
  fw_json_value root, name, value, part;
  fw_json_walk walk, parts;
  uint32_t k, found = 0;
  for (k = 0; k < FW_CHAT_PARTS; k++) h->template_part[k][0] = 0;
  if (h->app->state != FW_MODEL_READY || !m->metadata_bytes) return 0;
  if (!fw_json_valid((const char *)m->metadata, m->metadata_bytes)) return 0;
  root = fw_json_root((char *)(uintptr_t)m->metadata, m->metadata_bytes);
  if (root.type != FW_JSON_OBJECT) return 0;
  walk = fw_json_enter(&root);
  while (fw_json_next(&walk, &name, &value)) {
    if (!fw_equal(name.at, name.bytes, "chat") || value.type != FW_JSON_OBJECT) continue;
    parts = fw_json_enter(&value);
    while (fw_json_next(&parts, &name, &part)) {
      for (k = 0; k < FW_CHAT_PARTS; k++) {
        if (fw_equal(name.at, name.bytes, part_names[k]) && copy_part(h->template_part[k], &part)) found++;
      }
    }
  }
  return found > 0;
}

/* Where the next turn would begin is where the answer ends. */
static void add_stop(fw_http *h) {
  const char *end = h->template_part[FW_CHAT_END], *user = h->template_part[FW_CHAT_USER];
  const uint32_t n = fw_length(end), m = fw_length(user);
  fw_copy(h->template_stop, end, n);
  fw_copy(h->template_stop + n, user, m);
  if (!(n + m) || h->stops == FW_STOPS_MAX) return;
  h->stop[h->stops].text = h->template_stop;
  h->stop[h->stops++].bytes = n + m;
}

/* ---- messages ---- */

/*
 * What is kept of each message, over the place where the JSON was: role, u16 bytes, content. It is shorter than what it
 * stands for, so it never overtakes the walk.
 */
#define TURN_HEAD 3u

static int role_of(const fw_json_value *v) {
  if (fw_equal(v->at, v->bytes, "system") || fw_equal(v->at, v->bytes, "developer")) return FW_CHAT_SYSTEM;
  if (fw_equal(v->at, v->bytes, "user")) return FW_CHAT_USER;
  return fw_equal(v->at, v->bytes, "assistant") ? FW_CHAT_ASSISTANT : -1;
}

/* Moves a string without its escapes to *to. */
static void take(char **to, fw_json_value *string) {
  uint32_t i;
  fw_json_unescape(string);
  for (i = 0; i < string->bytes; i++) *(*to)++ = string->at[i];
}

/* The text of one part of a content. */
static const char *take_part(char **to, const fw_json_value *part) {
  fw_json_value name, value, text;
  fw_json_walk walk;
  text.type = FW_JSON_NULL;
  if (part->type != FW_JSON_OBJECT) return "a part of a content must be an object";
  walk = fw_json_enter(part);
  while (fw_json_next(&walk, &name, &value)) {
    if (fw_equal(name.at, name.bytes, "type") && !fw_equal(value.at, value.bytes, "text")) {
      return "this device reads text only: no images, no sound, no files";
    }
    if (fw_equal(name.at, name.bytes, "text")) text = value;
  }
  if (text.type != FW_JSON_STRING) return "a part of a content needs a text";
  take(to, &text);
  return NULL;
}

static const char *take_content(char **to, fw_json_value *content) {
  fw_json_value part;
  fw_json_walk parts;
  if (content->type == FW_JSON_STRING) {
    take(to, content);
    return NULL;
  }
  if (content->type != FW_JSON_ARRAY) return "each message needs a content: text, or an array of parts of type text";
  parts = fw_json_enter(content);
  while (fw_json_next(&parts, NULL, &part)) {
    const char *wrong = take_part(to, &part);
    if (wrong) return wrong;
  }
  return NULL;
}

static const char *take_message(char **to, const fw_json_value *v) {
  fw_json_value name, value, content;
  fw_json_walk walk;
  char *head = *to, *text;
  const char *wrong;
  int role = -1;
  content.type = FW_JSON_NULL;
  if (v->type != FW_JSON_OBJECT) return "each message must be an object with role and content";
  walk = fw_json_enter(v);
  while (fw_json_next(&walk, &name, &value)) {
    if (fw_equal(name.at, name.bytes, "role") && value.type == FW_JSON_STRING) role = role_of(&value);
    if (fw_equal(name.at, name.bytes, "content")) content = value;
  }
  if (role < 0) return "the roles are system, developer, user and assistant; this device has no tools";
  /* The head lies over the message's own bracket and first name, which are read already. */
  *to = text = head + TURN_HEAD;
  wrong = take_content(to, &content);
  if (wrong) return wrong;
  head[0] = (char)role;
  head[1] = (char)((*to - text) & 255);
  head[2] = (char)((*to - text) >> 8);
  return NULL;
}

static uint32_t turn_bytes(const char *turn) { return (uint8_t)turn[1] | (uint32_t)(uint8_t)turn[2] << 8; }

const char *fw_chat_read(fw_http *h, const fw_json_value *messages) {
  fw_json_value v;
  fw_json_walk walk;
  char *to = messages->at, *last = NULL;
  h->param = "messages";
  h->param_bytes = 8;
  if (messages->type != FW_JSON_ARRAY) return "an array of messages is expected";
  walk = fw_json_enter(messages);
  while (fw_json_next(&walk, NULL, &v)) {
    const char *wrong;
    last = to;
    wrong = take_message(&to, &v);
    if (wrong) return wrong;
  }
  if (!last) return "at least one message is needed";
  h->param = NULL;
  h->turn = messages->at;
  h->turn_end = to;
  h->step = STEP_BEFORE;
  if (!read_template(h)) {
    h->piece = last + TURN_HEAD;
    h->piece_bytes = turn_bytes(last);
    h->step = STEP_NONE;
  }
  return NULL;
}

void fw_chat_stop(fw_http *h) {
  if (h->chat && h->step != STEP_NONE) add_stop(h);
}

static void give(fw_http *h, const char *p, uint32_t n) {
  h->piece = p;
  h->piece_bytes = n;
}

static void give_part(fw_http *h, uint32_t part) { give(h, h->template_part[part], fw_length(h->template_part[part])); }

int fw_chat_next(fw_http *h) {
  switch (h->step) {
    case STEP_BEFORE:
      if (h->turn == h->turn_end) {
        give_part(h, FW_CHAT_ASSISTANT); /* the model's turn */
        h->step = STEP_NONE;
      } else {
        give_part(h, (uint8_t)h->turn[0]);
        h->step = STEP_CONTENT;
      }
      return 1;
    case STEP_CONTENT:
      give(h, h->turn + TURN_HEAD, turn_bytes(h->turn));
      h->step = STEP_AFTER;
      return 1;
    case STEP_AFTER:
      give_part(h, FW_CHAT_END);
      h->turn += TURN_HEAD + turn_bytes(h->turn);
      h->step = STEP_BEFORE;
      return 1;
    default: return 0;
  }
}
