/*
 * HTTP requests, apart from any HTTP library (SPEC.md 6.6): a port hands in method, path, headers and body, and takes
 * out status, headers and body. The answer is made while it is taken, so nothing is as long as the text.
 *
 *   fw_http_begin → while no answer: fw_http_body … fw_http_end → status, headers → fw_http_read until −1 → fw_http_close
 *   meanwhile, now and then: fw_http_late
 */
#ifndef FW_HTTP_H
#define FW_HTTP_H

#include "fw_answer.h"
#include "fw_app.h"

#define FW_HTTP_LENGTH_UNKNOWN 0xFFFFFFFFu

/* Headers are NULL where the request has none. */
typedef struct fw_http_request {
  const char *method;
  const char *path; /* without the query */
  const char *authorization;
  const char *host;
  const char *origin;
  uint32_t content_length; /* of the body, 0 without, FW_HTTP_LENGTH_UNKNOWN when chunked */
} fw_http_request;

/* Begins; the answer may be there at once (status): then the body need not be read. */
void fw_http_begin(fw_http *h, fw_app *app, const fw_http_request *request);
/* A piece of the body; the answer may be there after it. */
void fw_http_body(fw_http *h, const void *bytes, uint32_t n);
/* The body is complete: there is an answer now. */
void fw_http_end(fw_http *h);
/* The next bytes of the answer's body: how many, 0 when it must wait for the application, −1 at the end. */
int32_t fw_http_read(fw_http *h, void *bytes, uint32_t n);
/* The client takes too long to send its request or to take a complete answer: the port should hang up. */
int fw_http_late(const fw_http *h);
/* Whether a client that could be gone has nothing under way that others would miss: its request has not come yet. */
int fw_http_waits(const fw_http *h);
/* The request is over, or its client has hung up: what it had under way ends. */
void fw_http_close(fw_http *h);
/* Whether a WebSocket may be opened by who sends these headers; one that may not is answered by fw_http_begin. */
int fw_http_may_upgrade(const fw_app *app, const char *host, const char *origin);

#endif
