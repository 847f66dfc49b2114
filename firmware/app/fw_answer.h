/* One HTTP request and its answer, as far as the answer needs no knowledge of what was asked. */
#ifndef FW_ANSWER_H
#define FW_ANSWER_H

#include "fw_frame.h"
#include "fw_json.h"
#include "fw_state.h"

#define FW_HTTP_OUT 2112u
#define FW_STOPS_MAX 5u  /* four of the client's, and the chat template's own */
#define FW_CHAT_PART 25u /* bytes of a part of a chat template, with its zero */

typedef struct fw_stop {
  const char *text;
  uint32_t bytes;
} fw_stop;

/* What stands before the messages of each role, and after each message (fw_chat.h). */
enum { FW_CHAT_SYSTEM, FW_CHAT_USER, FW_CHAT_ASSISTANT, FW_CHAT_END, FW_CHAT_PARTS };

enum { FW_HTTP_WAITING, FW_HTTP_PROMPT, FW_HTTP_TEXT, FW_HTTP_COMPLETE };

typedef struct fw_http {
  fw_client client; /* first: a client is its request */
  fw_app *app;
  uint16_t status; /* 0 while there is no answer yet */
  const char *content_type;
  const char *methods;      /* the header Allow, NULL: none */
  uint8_t retry_after;      /* seconds, of the header Retry-After; 0: none */
  uint8_t www_authenticate; /* the header WWW-Authenticate: Bearer belongs to the answer */
  uint8_t preflight;        /* the answer is to a browser that asks what a page may */
  uint8_t text_error;       /* errors as Ollama has them: {"error": text} */
  uint8_t route;
  uint8_t head; /* only the headers are wanted */
  uint8_t open;
  uint8_t phase;
  uint8_t stream;  /* server-sent events */
  uint8_t usage;   /* … with a last one that has the usage */
  uint8_t chat;    /* chat completions */
  uint8_t begun;   /* a piece of the text has been sent */
  uint8_t stopped; /* a stop string came: the rest of the text is nothing */
  fw_settings settings;
  uint32_t since; /* micros when the request began; when its answer was complete */
  uint32_t id;
  uint32_t created;
  uint32_t body_bytes;
  const char *param; /* what an error is about, or NULL */
  uint32_t param_bytes;
  const char *piece;    /* of the prompt: what is being given, */
  uint32_t piece_bytes; /* and what is left of it */
  const char *turn;     /* of a chat: the message under way, */
  const char *turn_end; /* the end of the last one, */
  uint8_t step;         /* and what of it is next (fw_chat.c) */
  char template_part[FW_CHAT_PARTS][FW_CHAT_PART];
  char template_stop[2u * FW_CHAT_PART];
  fw_stop stop[FW_STOPS_MAX];
  uint32_t stops;
  char held[128]; /* text that may become a stop string */
  uint32_t held_bytes;
  const uint8_t *page; /* a body that lies in flash, */
  uint32_t page_bytes; /* what is left of it */
  fw_ring out;
  uint8_t out_data[FW_HTTP_OUT];
  char origin[FW_CONFIG_MAX]; /* of a page that `allow` names; empty: none */
  char retry_text[4];
  char body[FW_BODY_MAX];
} fw_http;

typedef struct fw_http_header {
  const char *name;
  const char *value;
} fw_http_header;

/* Most headers of an answer, Content-Type included. */
#define FW_HTTP_HEADERS 16u

/* The answer is complete: nothing is added to it. */
void fw_answer_complete(fw_http *h);
/* The answer is this JSON. */
void fw_answer_json(fw_http *h, uint16_t status, const char *json, uint32_t n);
/* The answer is this error; h->param names what it is about. */
void fw_answer_error(fw_http *h, uint16_t status, const fw_error *e);
/* The same with the status that belongs to its code. */
void fw_answer_refuse(fw_http *h, const fw_error *e);

/* The answer's headers, whose values stay until the request is closed; returns how many. */
uint32_t fw_http_headers(fw_http *h, fw_http_header list[FW_HTTP_HEADERS]);

#endif
