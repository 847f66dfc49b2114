/* A client on a stream of bytes, and what is said to the person at its other end. */
#ifndef FW_SAY_H
#define FW_SAY_H

#include "fw_frame.h"
#include "fw_state.h"

/* Bytes kept free for the answer to a unit: info in frames, or as lines. */
#define FW_ANSWER_ROOM 1600u
#define FW_OUT 2112u

typedef struct fw_session {
  fw_client client; /* first: a client is its session */
  fw_app *app;
  fw_byte_port port;
  fw_reader reader;
  fw_ring out;
  uint8_t out_data[FW_OUT];
  uint8_t in[64];
  uint8_t in_count;
  uint8_t in_next;
  uint8_t open;
  uint8_t echo;
  uint8_t status;
  uint8_t framed; /* the job was begun by a frame */
  uint8_t job_sequence;
  uint8_t pending;    /* a prompt of which the stream has not taken all */
  uint8_t continuous; /* of that prompt */
  uint8_t column;     /* whether the line of text that is being shown has begun */
  uint8_t restarting;
  uint8_t hang_up; /* what came is no client of this protocol */
  uint32_t pending_at;
  uint32_t stuck; /* micros when the output last moved */
  uint32_t heard; /* uptime_s when the last unit came */
} fw_session;

#define FW_PENDING_LINE 1u   /* generate when all is taken */
#define FW_PENDING_FRAME 2u  /* answer when all is taken */
#define FW_PENDING_INSERT 3u /* a line into a text that is being generated */

/* Text for a person; \n becomes the end of line of this terminal. */
void fw_say(fw_session *s, const char *text, uint32_t n);
void fw_say_text(fw_session *s, const char *text);
void fw_say_error(fw_session *s, const fw_error *e);
/* The mark that asks for a prompt, where a person sees what they type. */
void fw_say_mark(fw_session *s);

#endif
