/*
 * A request into the HTTP handlers: a byte of circumstances, then lines method, path, authorization, host, origin (a
 * line "-" for a header that is not there), and the body. Whatever comes, there is an answer, and it ends.
 */
#include "machine.h"

static fw_http *http;

static const uint8_t *line(const uint8_t *p, const uint8_t *end, char *to, size_t size) {
  size_t n = 0;
  while (p < end && *p != '\n') {
    if (n < size - 1u && *p) to[n++] = (char)*p;
    p++;
  }
  to[n] = 0;
  return p < end ? p + 1 : p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  char method[12], path[128], authorization[160], host[160], origin[160];
  static char answer[1 << 16];
  const uint8_t *end = data + n, *p;
  fw_http_header headers[FW_HTTP_HEADERS];
  fw_http_request r;
  uint32_t i, count, length = 0, step;
  if (n < 1 || n > 6000) return 0;
  machine_start(data[0]);
  if (!http) http = malloc(sizeof *http);
  p = line(data + 1, end, method, sizeof method);
  p = line(p, end, path, sizeof path);
  p = line(p, end, authorization, sizeof authorization);
  p = line(p, end, host, sizeof host);
  p = line(p, end, origin, sizeof origin);
  r.method = method;
  r.path = path;
  r.authorization = authorization[0] == '-' ? NULL : authorization;
  r.host = host[0] == '-' ? NULL : host;
  r.origin = origin[0] == '-' ? NULL : origin;
  r.content_length = data[0] & 1 ? FW_HTTP_LENGTH_UNKNOWN : data[0] & 2 ? 5444u : (uint32_t)(end - p);
  fw_http_begin(http, &app, &r);
  step = data[0] & 4 ? 1u : 500u;
  while (!http->status && p < end) {
    const uint32_t piece = (size_t)(end - p) < step ? (uint32_t)(end - p) : step;
    fw_http_body(http, p, piece);
    p += piece;
  }
  if (!http->status) fw_http_end(http);
  if (!http->status || http->status < 200 || http->status > 599) die("no answer");
  count = fw_http_headers(http, headers);
  if (count > FW_HTTP_HEADERS) die("too many headers");
  for (i = 0; i < count; i++) {
    if (strpbrk(headers[i].value, "\r\n")) die("a header of two lines");
    if (!strcmp(headers[i].name, "Access-Control-Allow-Origin") && !(data[0] & 64)) die("a page that nobody allowed");
  }
  if (r.origin && http->status < 400 && !http->origin[0] && (strlen(origin) < 7 || !r.host)) die("a foreign page");
  for (i = 0; i < 400000u; i++) {
    const int32_t got = fw_http_read(http, answer + length, 400);
    if (got < 0) break;
    length += (uint32_t)got;
    if (length > sizeof answer - 400u) break; /* long enough to be believed */
    fw_app_poll(&app);
  }
  if (i == 400000u) die("an answer without end");
  if (length <= sizeof answer - 400u && http->content_type && !strcmp(http->content_type, "application/json") &&
      !http->head && !fw_json_valid(answer, length)) {
    fprintf(stderr, "%.*s\n", (int)length, answer);
    die("an answer that is no JSON");
  }
  fw_http_close(http);
  if (app.job.kind != FW_JOB_NONE || app.state == FW_MODEL_UPLOAD) die("something of a client that is gone");
  return 0;
}
