/*
 * Fuzzes the application in its own process: random and mutated streams of bytes into a session (and bodies into HTTP
 * requests), and after each a valid frame or line that must be answered. Built with sanitizers, a wrong access ends it.
 *
 *   fuzz MODEL STREAMS SEED          a stream that was not survived is printed, with its number
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_http.h"
#include "fw_session.h"

#define FLASH 65536u

static uint32_t state;
static uint32_t rnd(uint32_t n) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % n;
}

/* ---- a machine in memory ---- */

static uint32_t flash_words[FLASH / 4];
static uint8_t *const flash = (uint8_t *)flash_words;
static uint8_t original[FLASH];
static uint32_t clock_now;
static int deaf; /* the client takes nothing */
static char token[FW_CONFIG_MAX];

static uint32_t micros(void *u) {
  (void)u;
  return clock_now += deaf ? 2000u : 50u; /* so that many time limits pass while nobody listens */
}
static uint32_t cycles(void *u) {
  (void)u;
  return clock_now * 160u;
}
static uint32_t random_bits(void *u) {
  (void)u;
  return 42;
}
static const uint8_t *region(void *u, uint32_t *n) {
  (void)u;
  *n = FLASH;
  return flash;
}
static int erase(void *u, uint32_t offset, uint32_t n) {
  (void)u;
  memset(flash + offset, 0xFF, n);
  return 0;
}
static int write_flash(void *u, uint32_t offset, const void *data, uint32_t n) {
  (void)u;
  memcpy(flash + offset, data, n);
  return rnd(400) == 0 ? -1 : 0;
}
static int config_get(void *u, const char *key, char value[FW_CONFIG_MAX]) {
  (void)u;
  if (strcmp(key, "token") || !token[0]) return -1;
  memcpy(value, token, FW_CONFIG_MAX);
  return 0;
}
static int config_set(void *u, const char *key, const char *value) {
  (void)u;
  if (!strcmp(key, "token")) snprintf(token, sizeof token, "%s", value);
  return 0;
}
static void describe(void *u, fw_text *json) {
  (void)u;
  fw_member_string(json, "chip", "fuzz");
}

static uint8_t input[8192];
static uint32_t input_at, input_end;
static char output[1 << 16];
static uint32_t output_end;

static int32_t take(void *u, uint8_t *bytes, uint32_t n) {
  uint32_t i;
  (void)u;
  if (n > 1u + rnd(64)) n = 1u + rnd(64);
  for (i = 0; i < n && input_at < input_end; i++) bytes[i] = input[input_at++];
  return (int32_t)i;
}
static int32_t give(void *u, const uint8_t *bytes, uint32_t n) {
  (void)u;
  if (deaf) return 0;
  if (n > sizeof output - output_end) output_end = 0;
  memcpy(output + output_end, bytes, n);
  output_end += n;
  return (int32_t)n;
}

/* ---- streams ---- */

static uint32_t put_frame(uint8_t *to, uint8_t type, uint8_t sequence, const void *payload, uint32_t n) {
  static uint8_t bytes[4096];
  fw_ring ring;
  fw_ring_init(&ring, bytes, sizeof bytes);
  fw_frame_put(&ring, type, sequence, payload, n);
  return fw_ring_take(&ring, to, sizeof bytes);
}

static uint32_t put_text(uint8_t *to, const char *text) {
  memcpy(to, text, strlen(text));
  return (uint32_t)strlen(text);
}

static uint32_t valid_unit(uint8_t *to) {
  static const char *const lines[] = {"/info\n",
                                      "the cat\r\n",
                                      "/set temperature 0.5\n",
                                      "/set seed 1e3\n",
                                      "/bench 3\n",
                                      "/continuous a b\n",
                                      "/cancel\n",
                                      "/reset\n",
                                      "/generate\n",
                                      "/echo on\n",
                                      "/echo off\n",
                                      "/wifi \"a b\" secret\n",
                                      "/token\n",
                                      "/auth x\n",
                                      "//x\n",
                                      "/help\n",
                                      "/set stop \"\n\x03",
                                      "/name n\n",
                                      "/load\n",
                                      "\x1b[A\x7f\x08\x15ol\xc3\xa1\n",
                                      "/set length 30\n",
                                      "/status off\n"};
  static const char *const jsons[] = {"{}",
                                      "",
                                      "{\"temperature\":0.5,\"seed\":7}",
                                      "{\"seed\":\"random\",\"length\":9}",
                                      "{\"tokens\":3}",
                                      "{\"continuous\":true,\"stop\":\"\\u00e9\\n\"}",
                                      "{\"ssid\":\"a\",\"token\":\"\"}",
                                      "{\"top_p\":[[[{}]]]}",
                                      "{\"a\":{\"b\":[1,2,{\"c\":null}]},\"keep\":true}",
                                      "{\"length\":3,\"length\":4}",
                                      "{\"stop\":\"\\ud83d\\ude00\"}"};
  uint8_t data[FW_PAYLOAD_MAX];
  uint32_t n;
  switch (rnd(4)) {
    case 0: return put_text(to, lines[rnd(sizeof lines / sizeof lines[0])]);
    case 1: {
      const char *json = jsons[rnd(sizeof jsons / sizeof jsons[0])];
      return put_frame(to, (uint8_t)(1 + rnd(14)), (uint8_t)rnd(256), json, (uint32_t)strlen(json));
    }
    case 2: {
      /* A piece of an upload, now and then all of it. */
      n = rnd(3);
      if (n == 0) {
        fw_store32(data, rnd(4) ? 5444u : rnd(FLASH * 2u));
        return put_frame(to, FW_MSG_UPLOAD_BEGIN, 1, data, 4);
      }
      if (n == 1) return put_frame(to, FW_MSG_UPLOAD_END, 2, NULL, 0);
      fw_store32(data, rnd(3) * 500u);
      memcpy(data + 4, original + rnd(3) * 500u, 500);
      return put_frame(to, FW_MSG_UPLOAD_DATA, 3, data, 504);
    }
    default:
      n = rnd(FW_PAYLOAD_MAX + 1);
      for (uint32_t i = 0; i < n; i++) data[i] = (uint8_t)rnd(256);
      return put_frame(to, (uint8_t)rnd(16), (uint8_t)rnd(256), data, n);
  }
}

static void mutate(uint8_t *p, uint32_t *n) {
  uint32_t times = 1 + rnd(6);
  while (times-- && *n > 1u) {
    const uint32_t at = rnd(*n);
    switch (rnd(5)) {
      case 0: p[at] ^= (uint8_t)(1u << rnd(8)); break;
      case 1: p[at] = (uint8_t)rnd(256); break;
      case 2: *n = at; break; /* half a frame */
      case 3:
        memmove(p + at, p + at + 1, *n - at - 1u);
        --*n;
        break;
      default: p[at] = rnd(2) ? FW_START : FW_ESCAPE; break;
    }
  }
}

static void make_stream(void) {
  const uint32_t kind = rnd(4);
  uint32_t units = 1 + rnd(5);
  input_at = input_end = 0;
  if (kind == 0) { /* noise */
    input_end = rnd(3000);
    for (uint32_t i = 0; i < input_end; i++) input[i] = (uint8_t)rnd(256);
    return;
  }
  while (units-- && input_end < 5000u) {
    uint32_t n = valid_unit(input + input_end);
    if (kind != 1) mutate(input + input_end, &n);
    input_end += n;
  }
  if (kind == 3 && input_end < 3000u) { /* an overlong line */
    uint32_t n = 900 + rnd(600);
    memset(input + input_end, 'a', n);
    input_end += n;
  }
}

static fw_app app;
static fw_session session;
static fw_http http;
static uint32_t memory[4096];

/* Until there is nothing to do; 0 when that takes for ever. */
static int settle(void) {
  uint32_t i;
  for (i = 0; i < 200000u; i++) {
    const int working = fw_app_poll(&app), moved = fw_session_poll(&session);
    const int all_read = input_at == input_end && session.in_next == session.in_count && !session.pending;
    /* Or a text without end: what has to come has come. */
    if (all_read && ((!working && !moved) || i > 500u)) return 1;
  }
  return 0;
}

static int answered(uint32_t number) {
  uint8_t wanted[16];
  char line[40];
  uint32_t n;
  /* What was said before must not be taken for the answer. */
  deaf = 0;
  if (!settle()) return 0;
  if (rnd(2)) {
    /* A frame is understood at once, whatever came before. */
    input_at = 0;
    input_end = put_frame(input, FW_MSG_INFO, (uint8_t)number, NULL, 0);
    n = put_frame(wanted, FW_MSG_DONE, (uint8_t)number, NULL, 0);
  } else {
    /* A line, after one end of line. */
    snprintf(line, sizeof line, "\n/nothing%u\n", number);
    input_at = 0;
    input_end = put_text(input, line);
    n = put_text(wanted, "no such command");
  }
  output_end = 0;
  return settle() && memmem(output, output_end, wanted, n) != NULL;
}

static void fuzz_http(void) {
  static const char *const paths[] = {"/v1/completions", "/v1/models", "/info", "/metrics",
                                      "/settings",       "/model",     "/",     "/x"};
  static const char *const bodies[] = {
    "{\"prompt\":\"the\",\"max_tokens\":5,\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
    "{\"prompt\":[\"a\\u00e9\"],\"stop\":[\"x\"],\"n\":1,\"logprobs\":null}", "{\"temperature\":0.5}", "[1,2]"};
  static uint8_t body[512];
  uint8_t out[300];
  fw_http_request r = {0};
  uint32_t n = put_text(body, bodies[rnd(4)]), i;
  int32_t got;
  if (rnd(2)) mutate(body, &n);
  r.method = rnd(3) ? "POST" : "GET";
  r.path = paths[rnd(8)];
  r.authorization = rnd(3) ? NULL : rnd(2) ? "Bearer x" : "bearer";
  r.content_length = rnd(5) ? n : rnd(2) ? FW_HTTP_LENGTH_UNKNOWN : 5444u;
  fw_http_begin(&http, &app, &r);
  for (i = 0; i < rnd(30) && !http.status; i++) fw_http_body(&http, body, n);
  if (!http.status && rnd(10)) {
    fw_http_end(&http);
    for (i = 0; i < rnd(600); i++) {
      got = fw_http_read(&http, out, sizeof out);
      if (got < 0) break;
      fw_app_poll(&app);
    }
  }
  fw_http_close(&http);
}

int main(int argc, char **argv) {
  static fw_port port;
  const fw_byte_port bytes = {NULL, take, give};
  const uint32_t streams = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 0;
  FILE *f = argc > 3 ? fopen(argv[1], "rb") : NULL;
  uint32_t i;
  if (!f) return 2;
  memset(original, 0xFF, sizeof original);
  if (!fread(original, 1, sizeof original, f)) return 2;
  fclose(f);
  state = (uint32_t)strtoul(argv[3], NULL, 0) | 1u;
  port.micros = micros;
  port.cycles = cycles;
  port.counter = "cycles";
  port.random = random_bits;
  port.model_region = region;
  port.model_erase = erase;
  port.model_write = write_flash;
  port.config_get = config_get;
  port.config_set = config_set;
  port.describe = describe;
  for (i = 0; i < streams; i++) {
    if (i % 50u == 0) {
      memcpy(flash, original, sizeof original);
      token[0] = 0;
      fw_app_init(&app, &port, memory, sizeof memory);
      fw_session_open(&session, &app, &bytes, i % 100u == 0, (int)rnd(2));
    }
    make_stream();
    deaf = rnd(20) == 0;
    if (!settle()) {
      fprintf(stderr, "stream %u: no end: deaf %d, input %u of %u, waiting %u, pending %u, output %u, job %d\n", i,
              deaf, input_at, input_end, session.in_count - session.in_next, session.pending, session.out.count,
              (int)app.job.kind);
      return 1;
    }
    if (deaf) clock_now += rnd(2) * 11000000u; /* and the time limit passes, or not */
    if (rnd(10) == 0) fuzz_http();
    if (!answered(i)) {
      fprintf(stderr, "stream %u: the command after it was not answered; the device said: %.*s\n", i, (int)output_end,
              output);
      return 1;
    }
    if (rnd(20) == 0) {
      fw_session_close(&session);
      fw_session_open(&session, &app, &bytes, (int)rnd(2), (int)rnd(2));
    }
  }
  printf("%u streams: each survived, the command after each answered\n", streams);
  return 0;
}
