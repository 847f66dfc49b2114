/* The JSON reader: a text it takes can be walked, and every string in it unescaped, without a step beyond its end. */
#include "machine.h"

static void walk(const fw_json_value *value, int depth) {
  fw_json_walk w;
  fw_json_value name, member;
  if (depth > (int)FW_JSON_DEPTH) die("deeper than it says");
  if (value->type != FW_JSON_ARRAY && value->type != FW_JSON_OBJECT) return;
  w = fw_json_enter(value);
  while (fw_json_next(&w, &name, &member)) {
    walk(&member, depth + 1);
    if (member.type == FW_JSON_STRING) {
      const uint32_t before = member.bytes;
      uint32_t at = 0;
      fw_json_unescape(&member);
      if (member.bytes > before) die("a string that grew");
      while (at < member.bytes) {
        const uint32_t c = fw_utf8((const uint8_t *)member.at + at, member.bytes - at);
        if (!c) die("a string that is no UTF-8");
        at += c;
      }
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  char *text = malloc(n ? n : 1); /* its own, so that the sanitizer sees its end */
  if (n > 4096) return free(text), 0;
  memcpy(text, data, n);
  if (fw_json_valid(text, (uint32_t)n)) {
    fw_json_value root = fw_json_root(text, (uint32_t)n);
    fw_settings settings = fw_settings_default();
    char *copy = malloc(n ? n : 1);
    memcpy(copy, data, n);
    fw_settings_from_json(&settings, copy, (uint32_t)n, 1);
    free(copy);
    walk(&root, 0);
  }
  free(text);
  return 0;
}
