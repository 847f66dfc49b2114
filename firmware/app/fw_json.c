#include "fw_json.h"
#include "fw_util.h"

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Each scan_… takes the place after the value, or NULL when there is no valid one. */

static const char *scan_string(const char *p, const char *end) {
  uint32_t i;
  if (p == end || *p++ != '"') return NULL;
  while (p < end) {
    uint32_t length;
    if (*p == '"') return p + 1;
    if ((uint8_t)*p < 0x20) return NULL;
    if (*p == '\\') {
      if (++p == end) return NULL;
      if (*p == 'u') {
        if (end - p < 5) return NULL;
        for (i = 1; i <= 4u; i++) {
          if (hex_digit(p[i]) < 0) return NULL;
        }
        p += 5;
        continue;
      }
      if (*p != '"' && *p != '\\' && *p != '/' && *p != 'b' && *p != 'f' && *p != 'n' && *p != 'r' && *p != 't') {
        return NULL;
      }
      p++;
      continue;
    }
    length = fw_utf8((const uint8_t *)p, (uint32_t)(end - p));
    if (!length) return NULL;
    p += length;
  }
  return NULL;
}

static const char *scan_number(const char *p, const char *end) {
  if (p < end && *p == '-') p++;
  if (p == end || !is_digit(*p)) return NULL;
  if (*p == '0') p++;
  else
    while (p < end && is_digit(*p)) p++;
  if (p < end && *p == '.') {
    p++;
    if (p == end || !is_digit(*p)) return NULL;
    while (p < end && is_digit(*p)) p++;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (p == end || !is_digit(*p)) return NULL;
    while (p < end && is_digit(*p)) p++;
  }
  return p;
}

static const char *scan_word(const char *p, const char *end, const char *word) {
  const uint32_t n = fw_length(word);
  return (uint32_t)(end - p) >= n && fw_equal(p, n, word) ? p + n : NULL;
}

static const char *scan_scalar(const char *p, const char *end) {
  switch (*p) {
    case '"': return scan_string(p, end);
    case 't': return scan_word(p, end, "true");
    case 'f': return scan_word(p, end, "false");
    case 'n': return scan_word(p, end, "null");
    default: return scan_number(p, end);
  }
}

static const char *skip_space(const char *p, const char *end) {
  while (p < end && is_space(*p)) p++;
  return p;
}

/* A value of any kind, without recursion: a bit for each level says whether it is an object. */
static const char *scan_value(const char *p, const char *end) {
  uint32_t depth = 0, objects = 0;
  int first; /* just after an opening bracket */
  for (;;) {
    p = skip_space(p, end);
    if (p == end) return NULL;
    if (*p == '{' || *p == '[') {
      if (depth == FW_JSON_DEPTH) return NULL;
      objects = objects << 1 | (*p == '{');
      depth++;
      p++;
      first = 1;
    } else {
      p = scan_scalar(p, end);
      if (!p) return NULL;
      first = 0;
    }
    /* After a value: its end, or on to the next one. */
    for (;;) {
      if (!depth) return p;
      p = skip_space(p, end);
      if (p == end) return NULL;
      if (*p == (objects & 1u ? '}' : ']')) {
        p++;
        objects >>= 1;
        depth--;
        first = 0;
        continue;
      }
      if (!first) {
        if (*p++ != ',') return NULL;
        p = skip_space(p, end);
      }
      if (objects & 1u) {
        p = scan_string(p, end);
        if (!p) return NULL;
        p = skip_space(p, end);
        if (p == end || *p++ != ':') return NULL;
      }
      break;
    }
  }
}

static int names_differ(char *text, uint32_t n) {
  fw_json_value root = fw_json_root(text, n), name, value, other;
  fw_json_walk walk, ahead;
  if (root.type != FW_JSON_OBJECT) return 1;
  walk = fw_json_enter(&root);
  while (fw_json_next(&walk, &name, &value)) {
    ahead = walk;
    while (fw_json_next(&ahead, &other, &value)) {
      uint32_t i = 0;
      if (other.bytes != name.bytes) continue;
      while (i < name.bytes && name.at[i] == other.at[i]) i++;
      if (i == name.bytes) return 0;
    }
  }
  return 1;
}

int fw_json_valid(const char *text, uint32_t n) {
  const char *end = text + n, *p = scan_value(text, end);
  /* Only reads: the walk over names does not change the text. */
  return p && skip_space(p, end) == end && names_differ((char *)(uintptr_t)text, n);
}

static fw_json_value value_at(char *p, char *end) {
  fw_json_value v;
  v.at = p;
  v.bytes = (uint32_t)((*p == '{' || *p == '[' ? scan_value(p, end) : scan_scalar(p, end)) - p);
  switch (*p) {
    case '{': v.type = FW_JSON_OBJECT; break;
    case '[': v.type = FW_JSON_ARRAY; break;
    case 't': v.type = FW_JSON_TRUE; break;
    case 'f': v.type = FW_JSON_FALSE; break;
    case 'n': v.type = FW_JSON_NULL; break;
    case '"':
      v.type = FW_JSON_STRING;
      v.at++;
      v.bytes -= 2u;
      break;
    default: v.type = FW_JSON_NUMBER; break;
  }
  return v;
}

fw_json_value fw_json_root(char *text, uint32_t n) {
  char *p = text, *end = text + n;
  while (is_space(*p)) p++;
  return value_at(p, end);
}

fw_json_walk fw_json_enter(const fw_json_value *value) {
  fw_json_walk walk;
  walk.at = value->at + 1;
  walk.end = value->at + value->bytes - 1;
  walk.object = value->type == FW_JSON_OBJECT;
  return walk;
}

int fw_json_next(fw_json_walk *walk, fw_json_value *name, fw_json_value *value) {
  char *p = walk->at;
  while (p < walk->end && (is_space(*p) || *p == ',')) p++;
  if (p == walk->end) return 0;
  if (walk->object) {
    const fw_json_value found = value_at(p, walk->end);
    if (name) *name = found;
    p = found.at + found.bytes + 1;
    while (is_space(*p) || *p == ':') p++;
  }
  *value = value_at(p, walk->end);
  walk->at = value->at + value->bytes + (value->type == FW_JSON_STRING);
  return 1;
}

static uint32_t hex4(const char *p) {
  uint32_t v = 0, i;
  for (i = 0; i < 4u; i++) v = v << 4 | (uint32_t)hex_digit(p[i]);
  return v;
}

static char *put_utf8(char *to, uint32_t c) {
  if (c < 0x80u) {
    *to++ = (char)c;
  } else if (c < 0x800u) {
    *to++ = (char)(0xC0u | c >> 6);
    *to++ = (char)(0x80u | (c & 63u));
  } else if (c < 0x10000u) {
    *to++ = (char)(0xE0u | c >> 12);
    *to++ = (char)(0x80u | (c >> 6 & 63u));
    *to++ = (char)(0x80u | (c & 63u));
  } else {
    *to++ = (char)(0xF0u | c >> 18);
    *to++ = (char)(0x80u | (c >> 12 & 63u));
    *to++ = (char)(0x80u | (c >> 6 & 63u));
    *to++ = (char)(0x80u | (c & 63u));
  }
  return to;
}

void fw_json_unescape(fw_json_value *string) {
  char *from = string->at, *to = string->at, *end = string->at + string->bytes;
  while (from < end) {
    uint32_t c;
    if (*from != '\\') {
      *to++ = *from++;
      continue;
    }
    from++;
    switch (*from++) {
      case 'b': *to++ = '\b'; continue;
      case 'f': *to++ = '\f'; continue;
      case 'n': *to++ = '\n'; continue;
      case 'r': *to++ = '\r'; continue;
      case 't': *to++ = '\t'; continue;
      case 'u': break;
      default: *to++ = from[-1]; continue;
    }
    c = hex4(from);
    from += 4;
    if (c >= 0xD800u && c < 0xDC00u && end - from >= 6 && from[0] == '\\' && from[1] == 'u' &&
        hex4(from + 2) >= 0xDC00u && hex4(from + 2) < 0xE000u) {
      c = 0x10000u + ((c - 0xD800u) << 10) + (hex4(from + 2) - 0xDC00u);
      from += 6;
    } else if (c >= 0xD800u && c < 0xE000u) {
      c = 0xFFFDu;
    }
    to = put_utf8(to, c); /* 3 bytes at most for 6, 4 for 12 */
  }
  string->bytes = (uint32_t)(to - string->at);
}
