/* A conversation over one stream of bytes: lines and frames in, text and frames out (SPEC.md 6.1–6.3). */
#ifndef FW_SESSION_H
#define FW_SESSION_H

#include "fw_app.h"
#include "fw_frame.h"

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
  uint8_t framed;          /* the job was begun by a frame */
  uint8_t job_sequence;
  uint8_t pending;         /* a prompt of which the stream has not taken all */
  uint8_t continuous;      /* of that prompt */
  uint8_t column;          /* whether the line of text that is being shown has begun */
  uint8_t restarting;
  uint32_t pending_at;
  uint32_t stuck;          /* micros when the output last moved */
} fw_session;

/*
 * Begins. network: its client must show the token before it changes the device. echo: shows what is typed, greets, and
 * ends lines with CR LF, as a bare terminal needs it.
 */
void fw_session_open(fw_session *s, fw_app *app, const fw_byte_port *port, int network, int echo);
/* Reads, answers, writes; a bounded piece of it. Returns 1 when something moved, 0 when there was nothing to do. */
int fw_session_poll(fw_session *s);
/* The client is gone; the session can be opened again. */
void fw_session_close(fw_session *s);

/* ---- what the session's two files share ---- */

/* A unit: a line (fw_commands.c), a frame (fw_messages.c). */
void fw_session_line(fw_session *s, char *line, uint32_t n);
void fw_session_frame(fw_session *s, uint8_t *content, uint32_t n);
/* Text for a person; \n becomes the end of line of this terminal. */
void fw_session_say(fw_session *s, const char *text, uint32_t n);
void fw_session_say_error(fw_session *s, const fw_error *e);
void fw_session_prompt_mark(fw_session *s);

#define FW_PENDING_LINE 1u   /* generate when all is taken */
#define FW_PENDING_FRAME 2u  /* answer when all is taken */
#define FW_PENDING_INSERT 3u /* a line into a text that is being generated */

#endif
