/* tlm_stream: the same text as by hand, however it is cut; limits, stop strings, cancel, turns, without end. */
#include "../src/tlm_internal.h"
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 20000

static bench b;
static tlm_sampler sampler;
static uint8_t in[64], out[TLM_STREAM_OUTPUT_MIN], text[TEXT_MAX];

static tlm_options warm(uint32_t seed) {
  tlm_options o = tlm_options_default();
  o.seed = seed;
  return o;
}

/* The text that steps and samples give: prompt in, `tokens` out or until eod. */
static uint32_t by_hand(const char *prompt, uint32_t tokens, uint32_t seed, uint8_t *to) {
  const tlm_options o = warm(seed);
  uint16_t ids[256];
  const int32_t n = tlm_encode(&b.model, prompt, (uint32_t)strlen(prompt), ids, 256);
  tlm_decoder decoder;
  uint32_t length = 0;
  int32_t i;
  tlm_sampler_init(&sampler, &o);
  tlm_decoder_init(&decoder, &b.model);
  tlm_reset(&b.engine);
  tlm_step(&b.engine, tlm_eod(&b.model));
  for (i = 0; i < n; i++) tlm_step(&b.engine, ids[i]);
  while (tokens--) {
    const int token = tlm_sample(&b.engine, &sampler);
    if ((uint32_t)token == tlm_eod(&b.model)) break;
    length += (uint32_t)tlm_decode(&decoder, (uint32_t)token, to + length);
    tlm_step(&b.engine, (uint32_t)token);
  }
  return length + (uint32_t)tlm_decode_end(&decoder, to + length);
}

static void start(tlm_stream *s, uint32_t max_tokens, const char *stop, int continuous, uint32_t seed) {
  const tlm_options o = warm(seed);
  tlm_stream_options options;
  options.max_tokens = max_tokens;
  options.stop = stop;
  options.stop_bytes = stop ? (uint32_t)strlen(stop) : 0u;
  options.continuous = (uint8_t)continuous;
  tlm_sampler_init(&sampler, &o);
  CHECK(tlm_stream_init(s, &b.engine, &sampler, in, sizeof in, out, sizeof out, &options) == TLM_OK, "starts");
}

/* Runs a turn; prompt bytes go in `cut` at a time, text is read `cap` at a time, only when the output is full or at the end. */
static uint32_t run(tlm_stream *s, const char *prompt, uint32_t cut, uint32_t cap, uint8_t *to) {
  uint32_t rest = (uint32_t)strlen(prompt), length = 0, n, polls = 0;
  int state, submitted = 0;
  for (;;) {
    n = tlm_stream_write(s, prompt, rest < cut ? rest : cut);
    prompt += n;
    rest -= n;
    if (!rest && !submitted) {
      tlm_stream_submit(s);
      submitted = 1;
    }
    state = tlm_stream_poll(s);
    CHECK(state >= 0, "state %d", state);
    if (state == TLM_STREAM_FULL || state == TLM_STREAM_ENDED) {
      while ((n = tlm_stream_read(s, to + length, cap)) != 0) length += n;
    }
    if (state == TLM_STREAM_ENDED) break;
    if (++polls > 100000u) {
      CHECK(0, "does not end");
      break;
    }
  }
  return length;
}

static void same_as_by_hand(void) {
  static uint8_t wanted[TEXT_MAX];
  static const char *const prompts[] = {"", "a", "the quick brown fox jumps over the lazy dog and then goes on and on",
                                        "\xC3\xA9 \xE2\x82"};
  uint32_t i, seed;
  for (seed = 1; seed < 6u; seed++) {
    for (i = 0; i < 4u; i++) {
      const uint32_t n = by_hand(prompts[i], 300, seed, wanted);
      tlm_stream s;
      uint32_t got;
      start(&s, 300, NULL, 0, seed);
      got = run(&s, prompts[i], 1u + seed, 4u + seed, text);
      CHECK(got == n && !memcmp(text, wanted, n), "seed %u prompt %u: %u bytes, expected %u", (unsigned)seed,
            (unsigned)i, (unsigned)got, (unsigned)n);
      CHECK(tlm_stream_reason(&s) == (tlm_stream_generated(&s) == 300u ? TLM_STREAM_LIMIT : TLM_STREAM_EOD), "reason");
    }
  }
}

/* Each piece of the text as a stop string: the output ends right before its first occurrence. */
static void stops(void) {
  static uint8_t wanted[TEXT_MAX];
  uint32_t seed, at, length, cases = 0;
  for (seed = 1; seed < 5u; seed++) {
    const uint32_t n = by_hand("a", 120, seed, wanted);
    for (at = 0; at + 12u < n; at += 3u) {
      for (length = 1; length <= 8u; length += 3u) {
        char stop[TLM_STOP_MAX + 1];
        uint32_t first = 0, got;
        tlm_stream s;
        memcpy(stop, wanted + at, length);
        stop[length] = 0;
        if (memchr(stop, 0, length)) continue;
        while (memcmp(wanted + first, stop, length)) first++;
        start(&s, 120, stop, 0, seed);
        got = run(&s, "a", 1, 64, text);
        CHECK(got == first && !memcmp(text, wanted, first) && tlm_stream_reason(&s) == TLM_STREAM_STOP,
              "seed %u, stop string at %u: %u bytes", (unsigned)seed, (unsigned)first, (unsigned)got);
        cases++;
      }
    }
  }
  CHECK(cases > 50u, "%u stop strings", (unsigned)cases);
}

static void turns(void) {
  tlm_stream s;
  uint32_t n, total = 0, i;
  start(&s, 20, NULL, 0, 3);
  CHECK(tlm_stream_poll(&s) == TLM_STREAM_IDLE, "nothing to do");
  tlm_stream_write(&s, "hel", 3);
  for (i = 0; i < 10u; i++) n = (uint32_t)tlm_stream_poll(&s);
  CHECK(n == TLM_STREAM_IDLE, "waits for the submit");
  n = run(&s, "lo", 1, 16, text);
  CHECK(tlm_stream_prompt_tokens(&s) > 0 && tlm_stream_generated(&s) <= 20u, "counts");
  CHECK(tlm_stream_poll(&s) == TLM_STREAM_ENDED && tlm_stream_read(&s, text, 64) == 0, "stays ended");
  n = run(&s, " more", 2, 16, text);
  CHECK(tlm_stream_generated(&s) > 0 || tlm_stream_reason(&s) == TLM_STREAM_EOD, "a second turn");
  /* More input than the ring holds is accepted in part. */
  start(&s, 5, NULL, 0, 3);
  for (i = 0; i < 100u; i++) total += tlm_stream_write(&s, "x", 1);
  CHECK(total == sizeof in, "%u bytes accepted", (unsigned)total);
  tlm_stream_cancel(&s);
  CHECK(tlm_stream_poll(&s) == TLM_STREAM_ENDED && tlm_stream_reason(&s) == TLM_STREAM_CANCELLED, "cancelled");
  n = run(&s, "again", 5, 16, text);
  CHECK(tlm_stream_reason(&s) != TLM_STREAM_CANCELLED, "goes on after a cancel");
  /* Cancel at every point of a turn: what was there can be read, nothing hangs or overflows. */
  for (i = 0; i < 60u; i++) {
    uint32_t k;
    start(&s, 0, "zzzzzzzzzzzzzzzzzzzz", 0, i);
    tlm_stream_write(&s, "some words here", 15);
    tlm_stream_submit(&s);
    for (k = 0; k < i; k++) tlm_stream_poll(&s);
    tlm_stream_cancel(&s);
    CHECK(tlm_stream_poll(&s) == TLM_STREAM_ENDED, "cancelled after %u polls", (unsigned)i);
    CHECK(s.out_count <= s.out_size, "output within its buffer");
    while (tlm_stream_read(&s, text, 7)) {}
  }
}

/* Neither eod nor a limit ends it; prompt bytes arrive in between; every piece read is whole characters. */
static void without_end(void) {
  tlm_stream s;
  uint32_t i, total = 0, prompts = 0;
  start(&s, 3, NULL, 1, 11);
  tlm_stream_submit(&s);
  for (i = 0; i < 5000u; i++) {
    const int state = tlm_stream_poll(&s);
    uint8_t part[9];
    uint32_t n, k;
    CHECK(state == TLM_STREAM_GENERATING || state == TLM_STREAM_PROMPT || state == TLM_STREAM_FULL, "state %d", state);
    if (i % 50u == 7u) tlm_stream_write(&s, "and then ", 9);
    prompts += state == TLM_STREAM_PROMPT;
    if (state != TLM_STREAM_FULL) continue;
    while ((n = tlm_stream_read(&s, part, sizeof part)) != 0) {
      for (k = 0; k < n;) {
        const uint32_t unit = tlm_unit(part + k, n - k, 0);
        if (!unit) {
          /* Not half a character when what comes next does not continue it. */
          CHECK(!s.out_count || (s.out[s.out_start] & 0xC0u) != 0x80u, "half a character was read");
          break;
        }
        k += unit;
      }
      total += n;
    }
  }
  CHECK(total > 1000u && prompts > 200u, "%u bytes, %u prompt tokens", (unsigned)total, (unsigned)prompts);
}

static void arguments(void) {
  tlm_stream s;
  tlm_stream_options o = {0, NULL, 0, 0};
  CHECK(tlm_stream_init(&s, &b.engine, &sampler, in, 1, out, TLM_STREAM_OUTPUT_MIN - 1u, NULL) == TLM_E_ARGUMENT,
        "output");
  CHECK(tlm_stream_init(&s, &b.engine, &sampler, in, 0, out, sizeof out, NULL) == TLM_E_ARGUMENT, "input");
  o.stop = "x";
  o.stop_bytes = TLM_STOP_MAX + 1u;
  CHECK(tlm_stream_init(&s, &b.engine, &sampler, in, 1, out, sizeof out, &o) == TLM_E_ARGUMENT, "stop string");
}

static void all(const char *folder, const char *name, int kernel) {
  uint32_t bytes;
  uint8_t *blob = read_file(folder, name, &bytes);
  bench_open(&b, blob, bytes);
  bench_kernel(&b, kernel, 0);
  same_as_by_hand();
  stops();
  turns();
  without_end();
  arguments();
  bench_close(&b);
}

void test_stream(const char *folder) {
  const unsigned long before = checks_made;
  all(folder, "v1/bpe-33.tlm", TLM_KERNEL_TABLE);
  all(folder, "v1/char-tied-3.tlm", TLM_KERNEL_TABLE);
  all(folder, "v1/byte-64-t2.tlm", TLM_KERNEL_TABLE);
  printf("stream: %lu checks\n", checks_made - before);
}
