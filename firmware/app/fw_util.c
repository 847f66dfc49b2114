#include "fw_util.h"

void fw_text_init(fw_text *t, char *data, uint32_t size) {
  t->data = data;
  t->size = size;
  t->length = 0;
  t->overflow = 0;
}

void fw_put_bytes(fw_text *t, const void *bytes, uint32_t n) {
  if (n > t->size - t->length) {
    t->overflow = 1;
    return;
  }
  fw_copy(t->data + t->length, bytes, n);
  t->length += n;
}

void fw_put(fw_text *t, const char *text) { fw_put_bytes(t, text, fw_length(text)); }

void fw_put_char(fw_text *t, char c) { fw_put_bytes(t, &c, 1); }

void fw_put_u32(fw_text *t, uint32_t v) { fw_put_decimal(t, v, 0); }

void fw_put_decimal(fw_text *t, uint32_t v, uint32_t places) {
  char digits[12];
  uint32_t n = 0;
  do {
    digits[sizeof digits - 1 - n++] = (char)('0' + v % 10u);
    v /= 10u;
    if (places && n == places) digits[sizeof digits - 1 - n++] = '.';
  } while (v || n < (places ? places + 2u : 1u));
  fw_put_bytes(t, digits + sizeof digits - n, n);
}

void fw_put_hex32(fw_text *t, uint32_t v) {
  int shift;
  for (shift = 28; shift >= 0; shift -= 4) fw_put_char(t, "0123456789abcdef"[v >> shift & 15u]);
}

void fw_put_escaped(fw_text *t, const void *bytes, uint32_t n) {
  const uint8_t *p = (const uint8_t *)bytes;
  while (n) {
    uint32_t length = fw_utf8(p, n);
    if (length == 1 && (*p < 0x20 || *p == 0x7f)) {
      if (*p == '\n') fw_put(t, "\\n");
      else if (*p == '\r') fw_put(t, "\\r");
      else if (*p == '\t') fw_put(t, "\\t");
      else {
        fw_put(t, "\\u00");
        fw_put_char(t, "0123456789abcdef"[*p >> 4]);
        fw_put_char(t, "0123456789abcdef"[*p & 15]);
      }
    } else if (length == 0) {
      fw_put(t, "\xEF\xBF\xBD");
      length = 1;
    } else {
      if (*p == '"' || *p == '\\') fw_put_char(t, '\\');
      fw_put_bytes(t, p, length);
    }
    p += length;
    n -= length;
  }
}

void fw_put_string(fw_text *t, const char *text) {
  fw_put_char(t, '"');
  fw_put_escaped(t, text, fw_length(text));
  fw_put_char(t, '"');
}

void fw_put_name(fw_text *t, const char *name) {
  if (t->length && t->data[t->length - 1] != '{') fw_put_char(t, ',');
  fw_put_string(t, name);
  fw_put_char(t, ':');
}

void fw_member_u32(fw_text *t, const char *name, uint32_t v) {
  fw_put_name(t, name);
  fw_put_u32(t, v);
}

void fw_member_string(fw_text *t, const char *name, const char *text) {
  fw_put_name(t, name);
  fw_put_string(t, text);
}

void fw_member_bool(fw_text *t, const char *name, int v) {
  fw_put_name(t, name);
  fw_put(t, v ? "true" : "false");
}

uint32_t fw_length(const char *text) {
  uint32_t n = 0;
  while (text[n]) n++;
  return n;
}

int fw_equal(const char *bytes, uint32_t n, const char *text) {
  uint32_t i;
  for (i = 0; i < n; i++) {
    if (!text[i] || text[i] != bytes[i]) return 0;
  }
  return text[n] == 0;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

int fw_equal_ignoring_case(const char *bytes, uint32_t n, const char *text) {
  uint32_t i;
  for (i = 0; i < n; i++) {
    if (!text[i] || lower(text[i]) != lower(bytes[i])) return 0;
  }
  return text[n] == 0;
}

int fw_same_secret(const char *bytes, uint32_t n, const char *secret) {
  const uint32_t length = fw_length(secret);
  uint32_t difference = length ^ n, i;
  for (i = 0; i < n; i++) difference |= (uint8_t)((uint8_t)bytes[i] ^ (uint8_t)(length ? secret[i % length] : 0));
  return difference == 0 && length > 0;
}

void fw_copy(void *to, const void *from, uint32_t n) {
  uint8_t *t = (uint8_t *)to;
  const uint8_t *f = (const uint8_t *)from;
  while (n--) *t++ = *f++;
}

int fw_copy_text(char *to, uint32_t size, const char *bytes, uint32_t n) {
  if (n >= size) return 0;
  fw_copy(to, bytes, n);
  to[n] = 0;
  return 1;
}

int fw_parse_u32(const char *p, uint32_t n, uint32_t *v) {
  uint32_t value = 0, i;
  if (!n) return 0;
  for (i = 0; i < n; i++) {
    const uint32_t d = (uint32_t)(uint8_t)p[i] - '0';
    if (d > 9u || value > 429496729u || (value == 429496729u && d > 5u)) return 0;
    value = value * 10u + d;
  }
  *v = value;
  return 1;
}

int fw_parse_micro(const char *p, uint32_t n, uint32_t *micro) {
  uint32_t value = 0, i = 0, digits = 0;
  int places = 6; /* what is left of the power of ten */
  int point = 0;
  for (; i < n; i++) {
    const uint32_t d = (uint32_t)(uint8_t)p[i] - '0';
    if (p[i] == '.' && !point && digits) {
      point = 1;
      continue;
    }
    if (d > 9u) break;
    digits++;
    if (value >= 100000000u) { /* nine digits are enough: more do not count, but keep their place */
      if (!point) places++;
      continue;
    }
    value = value * 10u + d;
    if (point) places--;
  }
  if (!digits || (i && p[i - 1] == '.')) return 0;
  if (i < n) {
    uint32_t e;
    int sign = 1;
    if (p[i] != 'e' && p[i] != 'E') return 0;
    i++;
    if (i < n && (p[i] == '+' || p[i] == '-')) sign = p[i++] == '-' ? -1 : 1;
    if (!fw_parse_u32(p + i, n - i, &e) || e > 99u) return 0;
    places += sign * (int)e;
  }
  if (!value) places = 0;
  for (; places > 0; places--) {
    if (value > 429496729u) return 0;
    value *= 10u;
  }
  for (; places < 0; places++) value = places == -1 ? (value + 5u) / 10u : value / 10u;
  *micro = value;
  return 1;
}

uint32_t fw_fixed(uint32_t micro, uint32_t bits) {
  uint32_t whole = micro / 1000000u, rest = micro % 1000000u;
  while (bits--) {
    rest *= 2u;
    whole = whole * 2u + (rest >= 1000000u);
    if (rest >= 1000000u) rest -= 1000000u;
  }
  return whole + (rest >= 500000u);
}

uint32_t fw_micro(uint32_t v, uint32_t bits) {
  uint32_t micro = 0, i;
  /* Digit by digit: the remainder stays below 2^bits ≤ 2^15, so nothing overflows. */
  uint32_t rest = v & ((1u << bits) - 1u);
  for (i = 0; i < 6u; i++) {
    rest *= 10u;
    micro = micro * 10u + (rest >> bits);
    rest &= (1u << bits) - 1u;
  }
  return (v >> bits) * 1000000u + micro + (rest >> (bits - 1u));
}

void fw_put_fixed(fw_text *t, uint32_t v, uint32_t bits) {
  const uint32_t micro = fw_micro(v, bits);
  uint32_t places, unit = 1000000u;
  for (places = 0; places < 6u; places++, unit /= 10u) {
    const uint32_t rounded = (micro + unit / 2u) / unit;
    if (fw_fixed(rounded * unit, bits) == v) {
      fw_put_decimal(t, rounded, places);
      return;
    }
  }
  fw_put_decimal(t, micro, 6);
}

uint32_t fw_utf8(const uint8_t *p, uint32_t n) {
  uint32_t length, i;
  if (!n) return 0;
  if (p[0] < 0x80) return 1;
  length = p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0;
  if (!length || length > n) return 0;
  for (i = 1; i < length; i++) {
    if ((p[i] & 0xC0) != 0x80) return 0;
  }
  if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return 0; /* overlong, surrogates */
  if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) return 0;
  return length;
}

uint32_t fw_rate_x10(uint32_t tokens, uint32_t micros) {
  if (!micros) micros = 1;
  if (tokens <= 429u) return tokens * 10000000u / micros;
  if (tokens <= 42949u) return tokens * 100000u / (micros / 100u ? micros / 100u : 1u);
  return tokens * 10u / (micros / 1000000u ? micros / 1000000u : 1u);
}

uint32_t fw_crc32(uint32_t crc, const void *bytes, uint32_t n) {
  static const uint32_t table[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
                                     0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                     0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
  const uint8_t *p = (const uint8_t *)bytes;
  crc = ~crc;
  for (; n; n--) {
    crc ^= *p++;
    crc = (crc >> 4) ^ table[crc & 15u];
    crc = (crc >> 4) ^ table[crc & 15u];
  }
  return ~crc;
}

uint32_t fw_load32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void fw_store32(uint8_t *p, uint32_t v) {
  uint32_t i;
  for (i = 0; i < 4u; i++) p[i] = (uint8_t)(v >> 8 * i);
}
