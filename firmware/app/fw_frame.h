/* Units of the protocol (SPEC.md 6.1): bytes in, lines and frames out; and the ring that answers are written to. */
#ifndef FW_FRAME_H
#define FW_FRAME_H

#include <stdint.h>

#include "fw_protocol.h"

/* A frame's content: type, sequence, payload, CRC. A line has a byte more than its limit, to notice that it is over. */
#define FW_UNIT_MAX (FW_PAYLOAD_MAX + 6)

typedef enum fw_unit {
  FW_UNIT_NONE = 0,  /* more bytes are needed */
  FW_UNIT_LINE,      /* data[0 … length) */
  FW_UNIT_FRAME,     /* type data[0], sequence data[1], payload data[2 … length − 4) */
  FW_UNIT_BAD_FRAME, /* a frame that cannot be believed */
  FW_UNIT_OVERLONG,  /* a line that was too long */
  FW_UNIT_INTERRUPT  /* Ctrl-C */
} fw_unit;

typedef struct fw_reader {
  uint8_t data[FW_UNIT_MAX];
  uint32_t length;
  uint8_t mode;
  uint8_t escape; /* in a frame: the next byte is escaped; in a line: place in an escape sequence */
  uint8_t after_cr;
  uint8_t took_unit; /* the next byte begins a new unit */
  char echo[4];      /* what a terminal should show for the last byte */
  uint8_t echo_bytes;
} fw_reader;

void fw_reader_init(fw_reader *r);
/* Takes a byte. What a unit holds stays until the next call. */
fw_unit fw_reader_take(fw_reader *r, uint8_t byte);

/* Bytes on their way out. */
typedef struct fw_ring {
  uint8_t *data;
  uint32_t size;
  uint32_t start;
  uint32_t count;
} fw_ring;

void fw_ring_init(fw_ring *ring, void *data, uint32_t size);
uint32_t fw_ring_room(const fw_ring *ring);
/* All or nothing; 0 when there is no room. */
int fw_ring_put(fw_ring *ring, const void *bytes, uint32_t n);
/* The longest run of bytes from the beginning; *n of them. */
const uint8_t *fw_ring_peek(const fw_ring *ring, uint32_t *n);
void fw_ring_drop(fw_ring *ring, uint32_t n);
/* Takes up to n bytes out. */
uint32_t fw_ring_take(fw_ring *ring, void *bytes, uint32_t n);

/* Bytes that a frame needs at most for n bytes of payload. */
#define FW_FRAME_ROOM(n) (2u * ((n) + 6u) + 2u)
/* Writes a frame; the caller has seen to it that there is room. */
void fw_frame_put(fw_ring *ring, uint8_t type, uint8_t sequence, const void *payload, uint32_t n);

#endif
