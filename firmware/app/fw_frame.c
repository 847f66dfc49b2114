#include "fw_frame.h"

#include "fw_util.h"

enum { LINE, LINE_OVER, FRAME, FRAME_BAD };
/* Places in a terminal's escape sequence. */
enum { NO_ESCAPE, AFTER_ESC, IN_SEQUENCE };

static void begin(fw_reader *r, uint8_t mode) {
  r->mode = mode;
  r->length = 0;
  r->escape = 0;
}

void fw_reader_init(fw_reader *r) {
  begin(r, LINE);
  r->after_cr = 0;
  r->took_unit = 0;
  r->echo_bytes = 0;
}

static void echo(fw_reader *r, const char *text) {
  r->echo_bytes = (uint8_t)fw_length(text);
  fw_copy(r->echo, text, r->echo_bytes);
}

static fw_unit unit(fw_reader *r, fw_unit what) {
  r->took_unit = 1;
  return what;
}

static fw_unit end_of_frame(fw_reader *r) {
  const uint32_t n = r->length;
  if (r->mode == FRAME_BAD || r->escape || n < 6u) return unit(r, FW_UNIT_BAD_FRAME);
  if (fw_crc32(0, r->data, n - 4u) != fw_load32(r->data + n - 4u)) return unit(r, FW_UNIT_BAD_FRAME);
  return unit(r, FW_UNIT_FRAME);
}

static fw_unit frame_byte(fw_reader *r, uint8_t byte) {
  if (byte == '\n') return end_of_frame(r);
  if (r->mode == FRAME_BAD) return FW_UNIT_NONE;
  if (byte == FW_ESCAPE && !r->escape) {
    r->escape = 1;
    return FW_UNIT_NONE;
  }
  if (r->escape) {
    const uint8_t plain = (uint8_t)(byte ^ FW_ESCAPE_XOR);
    if (plain != 0x03 && plain != '\n' && plain != '\r' && plain != 0x11 && plain != 0x13 && plain != FW_START &&
        plain != FW_ESCAPE) {
      r->mode = FRAME_BAD;
      return FW_UNIT_NONE;
    }
    byte = plain;
    r->escape = 0;
  }
  if (r->length == FW_UNIT_MAX) r->mode = FRAME_BAD;
  else r->data[r->length++] = byte;
  return FW_UNIT_NONE;
}

static void erase_character(fw_reader *r) {
  if (!r->length || r->mode != LINE) return;
  do r->length--;
  while (r->length && (r->data[r->length] & 0xC0) == 0x80);
  echo(r, "\b \b");
}

static fw_unit line_byte(fw_reader *r, uint8_t byte) {
  if (byte == '\r' || byte == '\n') {
    const int over = r->mode == LINE_OVER;
    if (byte == '\n' && r->after_cr && !r->length && !over) {
      r->after_cr = 0;
      return FW_UNIT_NONE;
    }
    r->after_cr = byte == '\r';
    echo(r, "\r\n");
    return unit(r, over ? FW_UNIT_OVERLONG : FW_UNIT_LINE);
  }
  r->after_cr = 0;
  if (byte == 0x03) {
    begin(r, LINE);
    echo(r, "\r\n");
    return unit(r, FW_UNIT_INTERRUPT);
  }
  if (r->escape == AFTER_ESC) {
    r->escape = byte == '[' || byte == 'O' ? IN_SEQUENCE : NO_ESCAPE;
    return FW_UNIT_NONE;
  }
  if (r->escape == IN_SEQUENCE) {
    if (byte >= 0x40 && byte <= 0x7E) r->escape = NO_ESCAPE;
    return FW_UNIT_NONE;
  }
  if (byte == 0x1B) r->escape = AFTER_ESC;
  else if (byte == 0x08 || byte == 0x7F) erase_character(r);
  else if (byte == 0x15) {
    begin(r, LINE);
    echo(r, "^U\r\n");
  } else if (byte >= 0x20 || byte == '\t') {
    if (r->length == FW_LINE_MAX) r->mode = LINE_OVER;
    if (r->mode == LINE_OVER) return FW_UNIT_NONE;
    r->data[r->length++] = byte;
    r->echo[0] = (char)byte;
    r->echo_bytes = 1;
  }
  return FW_UNIT_NONE;
}

fw_unit fw_reader_take(fw_reader *r, uint8_t byte) {
  r->echo_bytes = 0;
  if (r->took_unit) {
    r->took_unit = 0;
    begin(r, LINE);
  }
  if (byte == FW_START) {
    r->after_cr = 0;
    begin(r, FRAME);
    return FW_UNIT_NONE;
  }
  return r->mode == FRAME || r->mode == FRAME_BAD ? frame_byte(r, byte) : line_byte(r, byte);
}

/* ---- ring ---- */

void fw_ring_init(fw_ring *ring, void *data, uint32_t size) {
  ring->data = (uint8_t *)data;
  ring->size = size;
  ring->start = 0;
  ring->count = 0;
}

uint32_t fw_ring_room(const fw_ring *ring) { return ring->size - ring->count; }

int fw_ring_put(fw_ring *ring, const void *bytes, uint32_t n) {
  const uint8_t *p = (const uint8_t *)bytes;
  uint32_t at = ring->start + ring->count;
  if (n > fw_ring_room(ring)) return 0;
  ring->count += n;
  for (; n; n--, at++) ring->data[at < ring->size ? at : at - ring->size] = *p++;
  return 1;
}

const uint8_t *fw_ring_peek(const fw_ring *ring, uint32_t *n) {
  const uint32_t run = ring->size - ring->start;
  *n = ring->count < run ? ring->count : run;
  return ring->data + ring->start;
}

void fw_ring_drop(fw_ring *ring, uint32_t n) {
  ring->start += n;
  if (ring->start >= ring->size) ring->start -= ring->size;
  ring->count -= n;
  if (!ring->count) ring->start = 0;
}

uint32_t fw_ring_take(fw_ring *ring, void *bytes, uint32_t n) {
  uint8_t *to = (uint8_t *)bytes;
  uint32_t taken = 0;
  while (taken < n && ring->count) {
    uint32_t run;
    const uint8_t *p = fw_ring_peek(ring, &run);
    if (run > n - taken) run = n - taken;
    fw_copy(to + taken, p, run);
    fw_ring_drop(ring, run);
    taken += run;
  }
  return taken;
}

/* ---- frames out ---- */

static void put_content(fw_ring *ring, const uint8_t *p, uint32_t n) {
  for (; n; n--, p++) {
    uint8_t pair[2] = {FW_ESCAPE, (uint8_t)(*p ^ FW_ESCAPE_XOR)};
    const int plain =
        *p != 0x03 && *p != '\n' && *p != '\r' && *p != 0x11 && *p != 0x13 && *p != FW_START && *p != FW_ESCAPE;
    if (plain) fw_ring_put(ring, p, 1);
    else fw_ring_put(ring, pair, 2);
  }
}

void fw_frame_put(fw_ring *ring, uint8_t type, uint8_t sequence, const void *payload, uint32_t n) {
  const uint8_t head[2] = {type, sequence}, start = FW_START;
  uint8_t tail[4];
  fw_store32(tail, fw_crc32(fw_crc32(0, head, 2), payload, n));
  fw_ring_put(ring, &start, 1);
  put_content(ring, head, 2);
  put_content(ring, (const uint8_t *)payload, n);
  put_content(ring, tail, 4);
  fw_ring_put(ring, "\n", 1);
}
