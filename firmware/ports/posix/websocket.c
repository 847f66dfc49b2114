/*
 * WebSocket frames (RFC 6455), the server's side, as a stream of bytes: the payloads of data frames joined together
 * come in, binary frames go out. Payloads are handed on as they come, so frames of any length need no memory.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"

enum { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

void websocket_accept(const char *key, char accept[29]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  char text[128];
  uint8_t d[21];
  uint32_t n = fw_length(key), i;
  if (n > 64u) n = 64u;
  memcpy(text, key, n);
  memcpy(text + n, guid, sizeof guid - 1u);
  sha1(text, n + (uint32_t)sizeof guid - 1u, d);
  d[20] = 0;
  for (i = 0; i < 7u; i++) {
    const uint32_t v = (uint32_t)d[3 * i] << 16 | (uint32_t)d[3 * i + 1] << 8 | d[3 * i + 2];
    accept[4 * i] = letters[v >> 18];
    accept[4 * i + 1] = letters[v >> 12 & 63u];
    accept[4 * i + 2] = letters[v >> 6 & 63u];
    accept[4 * i + 3] = i == 6u ? '=' : letters[v & 63u];
  }
  accept[28] = 0;
}

void websocket_init(websocket *ws, int fd) {
  memset(ws, 0, sizeof *ws);
  ws->fd = fd;
}

static int flush(websocket *ws) {
  while (ws->out_start < ws->out_end) {
    const ssize_t n = send(ws->fd, ws->out + ws->out_start, ws->out_end - ws->out_start, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    ws->out_start += (uint32_t)n;
  }
  ws->out_start = ws->out_end = 0;
  return 0;
}

/* Puts a frame behind what waits; 0 when there is no room. */
static int put_frame(websocket *ws, uint8_t opcode, const uint8_t *payload, uint32_t n) {
  uint8_t *p = ws->out + ws->out_end;
  if (sizeof ws->out - ws->out_end < n + 4u) return 0;
  *p++ = (uint8_t)(0x80 | opcode);
  if (n < 126u) {
    *p++ = (uint8_t)n;
  } else {
    *p++ = 126;
    *p++ = (uint8_t)(n >> 8);
    *p++ = (uint8_t)n;
  }
  memcpy(p, payload, n);
  ws->out_end = (uint32_t)(p - ws->out) + n;
  return 1;
}

static void close_with(websocket *ws, uint32_t code) {
  const uint8_t reason[2] = {(uint8_t)(code >> 8), (uint8_t)code};
  put_frame(ws, CLOSE, reason, 2);
  ws->closing = 1;
}

/* Bytes of the header, as far as its first two say. */
static uint32_t head_wanted(const websocket *ws) {
  const uint32_t length = ws->head[1] & 127u;
  if (ws->head_bytes < 2u) return 2;
  return 2u + (length == 126u ? 2u : length == 127u ? 8u : 0u) + 4u;
}

static const uint8_t *mask_of(const websocket *ws) { return ws->head + head_wanted(ws) - 4u; }

static void head_complete(websocket *ws) {
  const uint32_t opcode = ws->head[0] & 15u, length = ws->head[1] & 127u;
  uint32_t i;
  ws->left = length;
  ws->mask_at = 0;
  if (length >= 126u) {
    ws->left = 0;
    for (i = 2; i < (length == 126u ? 4u : 10u); i++) ws->left = ws->left << 8 | ws->head[i];
  }
  if (ws->head[0] & 0x70u) close_with(ws, 1002); /* an extension */
  else if (opcode > BINARY && (opcode < CLOSE || opcode > PONG)) close_with(ws, 1002);
  else if (opcode >= CLOSE && (length > 125u || !(ws->head[0] & 0x80u))) close_with(ws, 1002);
  else if (ws->left >> 31) close_with(ws, 1009);
  ws->control_bytes = 0;
}

static void control_complete(websocket *ws) {
  const uint32_t opcode = ws->head[0] & 15u;
  if (opcode == PING) put_frame(ws, PONG, ws->control, ws->control_bytes); /* one that finds no room is not answered */
  if (opcode == CLOSE) {
    put_frame(ws, CLOSE, ws->control, ws->control_bytes < 2u ? 0u : 2u);
    ws->closing = 1;
  }
}

static int32_t ws_read(void *user, uint8_t *bytes, uint32_t n) {
  websocket *ws = user;
  uint32_t given = 0;
  if (flush(ws) < 0) return -1;
  while (given < n) {
    const int reading_head = ws->head_bytes < head_wanted(ws);
    uint8_t part[64];
    uint32_t want, i;
    ssize_t got;
    if (ws->closing) {
      flush(ws);
      /* What is not read makes the kernel reset the connection, and the client would not see why. */
      while (recv(ws->fd, part, sizeof part, MSG_DONTWAIT) > 0) {}
      return given ? (int32_t)given : -1;
    }
    want = reading_head ? head_wanted(ws) - ws->head_bytes : ws->left < n - given ? (uint32_t)ws->left : n - given;
    if (want > sizeof part) want = sizeof part;
    got = want ? recv(ws->fd, part, want, MSG_DONTWAIT) : 0;
    if (want && got == 0) return given ? (int32_t)given : -1;
    if (got < 0) return given || errno == EAGAIN || errno == EINTR ? (int32_t)given : -1;
    if (reading_head) {
      memcpy(ws->head + ws->head_bytes, part, (size_t)got);
      ws->head_bytes = (uint8_t)(ws->head_bytes + got);
      if (ws->head_bytes >= 2u && !(ws->head[1] & 0x80u)) close_with(ws, 1002); /* clients must mask */
      if (ws->closing || ws->head_bytes < 2u || ws->head_bytes < head_wanted(ws)) continue;
      head_complete(ws);
    } else {
      for (i = 0; i < (uint32_t)got; i++) {
        const uint8_t byte = part[i] ^ mask_of(ws)[ws->mask_at++ & 3u];
        if ((ws->head[0] & 15u) >= CLOSE) ws->control[ws->control_bytes++] = byte;
        else bytes[given++] = byte;
      }
      ws->left -= (uint64_t)got;
    }
    if (!ws->left && !ws->closing) {
      if ((ws->head[0] & 15u) >= CLOSE) control_complete(ws);
      ws->head_bytes = 0;
    }
  }
  return (int32_t)given;
}

static int32_t ws_write(void *user, const uint8_t *bytes, uint32_t n) {
  websocket *ws = user;
  if (flush(ws) < 0 || ws->closing) return -1;
  if (ws->out_end) return 0;
  if (n > 1000u) n = 1000u;
  put_frame(ws, BINARY, bytes, n);
  return flush(ws) < 0 ? -1 : (int32_t)n;
}

fw_byte_port websocket_port(websocket *ws) {
  fw_byte_port p;
  p.user = ws;
  p.read = ws_read;
  p.write = ws_write;
  return p;
}
