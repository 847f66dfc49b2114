/*
 * HTTP requests, apart from any HTTP library (SPEC.md 6.6): a port hands in method, path, headers and body, and takes
 * out status and body. The answer is made while it is taken, so nothing is as long as the text.
 *
 *   fw_http_begin → while no answer: fw_http_body … fw_http_end → status, type → fw_http_read until −1 → fw_http_close
 */
#ifndef FW_HTTP_H
#define FW_HTTP_H

#include "fw_app.h"
#include "fw_frame.h"

#define FW_HTTP_OUT 2112u
#define FW_HTTP_LENGTH_UNKNOWN 0xFFFFFFFFu

typedef struct fw_http_request {
  const char *method;
  const char *path;          /* without the query */
  const char *authorization; /* the header, NULL without */
  uint32_t content_length;   /* of the body, 0 without, FW_HTTP_LENGTH_UNKNOWN when chunked */
} fw_http_request;

typedef struct fw_http {
  fw_client client; /* first: a client is its request */
  fw_app *app;
  uint16_t status;  /* 0 while there is no answer yet */
  const char *content_type;
  uint8_t retry_after;      /* the header Retry-After: 1 belongs to the answer */
  uint8_t www_authenticate; /* the header WWW-Authenticate: Bearer belongs to it */
  uint8_t route;
  uint8_t open;
  uint8_t phase;
  uint8_t stream;           /* server-sent events */
  uint8_t usage;            /* … with a last one that has the usage */
  fw_settings settings;
  uint32_t id;
  uint32_t created;
  uint32_t body_bytes;
  uint32_t prompt_at;
  uint32_t prompt_end;
  const uint8_t *page;      /* a body that lies in flash, */
  uint32_t page_bytes;      /* what is left of it */
  fw_ring out;
  uint8_t out_data[FW_HTTP_OUT];
  char body[FW_BODY_MAX];
} fw_http;

/* Begins; the answer may be there at once (status): then the body need not be read. */
void fw_http_begin(fw_http *h, fw_app *app, const fw_http_request *request);
/* A piece of the body; the answer may be there after it. */
void fw_http_body(fw_http *h, const void *bytes, uint32_t n);
/* The body is complete: there is an answer now. */
void fw_http_end(fw_http *h);
/* The next bytes of the answer's body: how many, 0 when it must wait for the application, −1 at the end. */
int32_t fw_http_read(fw_http *h, void *bytes, uint32_t n);
/* The request is over, or its client has hung up: what it had under way ends. */
void fw_http_close(fw_http *h);

/* ---- what the two files share ---- */

/* The answer is this error. */
void fw_http_refuse(fw_http *h, const fw_error *e);
/* POST /v1/completions, the body being complete (fw_openai.c). */
void fw_openai_completion(fw_http *h);
void fw_openai_models(fw_http *h);
/* Gives the stream more of the prompt. */
void fw_openai_poll(fw_http *h);

enum { FW_HTTP_WAITING, FW_HTTP_PROMPT, FW_HTTP_TEXT, FW_HTTP_COMPLETE };

/* The page at / (fw_page.c is made from page.html by scripts/make-page.ts). */
extern const uint8_t fw_page[];
extern const uint32_t fw_page_bytes;

#endif
