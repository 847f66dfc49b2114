/* The face for sketches; TinyLM.h says what each function does. Empty where there is no Arduino core. */
#ifdef ARDUINO
#include "TinyLM.h"

#include <stdlib.h>

#if defined(ARDUINO_ARCH_ESP32)
#include <esp_random.h>
#endif

/* Different at each call. Where the core has no such source, the moment at which a person does something is one. */
static uint32_t anySeed() {
#if defined(ARDUINO_ARCH_ESP32)
  return esp_random();
#else
  static uint32_t state;
  state = (state ^ (uint32_t)micros()) * 2654435761u + 1u;
  return state ^ state >> 15;
#endif
}

static size_t lengthOf(const char *text) {
  size_t n = 0;
  while (text && text[n]) n++;
  return n;
}

TinyLM::TinyLM()
    : options_(tlm_options_default()), textStart_(0), textCount_(0), ready_(false), seeded_(false), chosen_(false),
      composing_(false), ended_(true), us_(0), error_(TLM_OK) {
  turn_.max_tokens = TINYLM_LENGTH;
  turn_.stop = NULL;
  turn_.stop_bytes = 0;
  turn_.continuous = 0;
  fault_.offset = fault_.found = fault_.expected = 0;
}

uint32_t TinyLM::memoryNeeded(const void *blob, uint32_t blobBytes) {
  end();
  error_ = tlm_open(&model_, blob, blobBytes, &fault_);
  return error_ < 0 ? 0u : tlm_memory_bytes(&model_, TLM_KERNEL_TABLE, 0);
}

bool TinyLM::begin(const void *blob, uint32_t blobBytes, void *memory, uint32_t memoryBytes) {
  end();
  error_ = tlm_open(&model_, blob, blobBytes, &fault_);
  if (error_ >= 0 && !chosen_) {
    const uint32_t seed = options_.seed;
    options_ = tlm_options_of(&model_);
    options_.seed = seed;
  }
  if (error_ >= 0) error_ = tlm_init(&engine_, &model_, memory, memoryBytes, TLM_KERNEL_TABLE, 0);
  if (error_ >= 0) error_ = tlm_sampler_init(&sampler_, &options_);
  if (error_ >= 0) error_ = tlm_stream_init(&stream_, &engine_, &sampler_, in_, sizeof in_, out_, sizeof out_, &turn_);
  ready_ = error_ >= 0;
  return ready_;
}

void TinyLM::end() {
  ready_ = composing_ = false;
  ended_ = true;
  textCount_ = 0;
}

/* A new conversation: the generator begins with its seed. */
bool TinyLM::start() {
  if (!ready_) return false;
  if (!seeded_) options_.seed = anySeed();
  textCount_ = 0;
  us_ = 0;
  error_ = tlm_sampler_init(&sampler_, &options_);
  if (error_ >= 0) error_ = tlm_stream_start(&stream_, &turn_);
  composing_ = error_ >= 0;
  return composing_;
}

/* Prompt bytes; what finds no room waits until the engine has taken tokens from it. Returns how many were taken. */
size_t TinyLM::take(const uint8_t *bytes, size_t n) {
  size_t done = 0;
  for (int state = TLM_STREAM_PROMPT;;) {
    const size_t taken = tlm_stream_write(&stream_, bytes + done, (uint32_t)(n - done));
    done += taken;
    if (done == n || (!taken && state != TLM_STREAM_PROMPT)) return done;
    state = tlm_stream_poll(&stream_);
    if (state < 0) {
      error_ = state;
      return done;
    }
    yield();
  }
}

bool TinyLM::prompt(const char *text) { return prompt(text, lengthOf(text)); }

bool TinyLM::prompt(const char *text, size_t bytes) {
  return start() && take((const uint8_t *)text, bytes) == bytes && generate();
}

bool TinyLM::goOn(const char *text) {
  const size_t n = lengthOf(text);
  if (!ready_) return false;
  if (running()) stop();
  textCount_ = 0;
  us_ = 0;
  while (tlm_stream_read(&stream_, text_, sizeof text_)) {}
  error_ = tlm_sampler_set(&sampler_, &options_);
  if (error_ >= 0) error_ = tlm_stream_set(&stream_, &turn_);
  return error_ >= 0 && take((const uint8_t *)text, n) == n && generate();
}

size_t TinyLM::write(uint8_t byte) { return write(&byte, 1); }

size_t TinyLM::write(const uint8_t *bytes, size_t n) { return composing_ || start() ? take(bytes, n) : 0; }

bool TinyLM::generate() {
  if (!ready_) return false;
  if (tlm_stream_submit(&stream_) < 0) return false;
  composing_ = false;
  ended_ = false;
  return true;
}

/* At most one token's work. */
bool TinyLM::fill() {
  if (textCount_ || !ready_ || composing_) return textCount_ != 0;
  uint32_t n = tlm_stream_read(&stream_, text_, sizeof text_);
  if (!n && !ended_) {
    const uint32_t from = (uint32_t)micros();
    const int state = tlm_stream_poll(&stream_);
    if (state == TLM_STREAM_GENERATING || state == TLM_STREAM_ENDED) us_ += (uint32_t)micros() - from;
    if (state < 0) error_ = state;
    ended_ = state < 0 || state == TLM_STREAM_ENDED;
    n = tlm_stream_read(&stream_, text_, sizeof text_);
  }
  textStart_ = 0;
  textCount_ = (uint8_t)n;
  return n != 0;
}

int TinyLM::available() { return fill() ? textCount_ : 0; }

int TinyLM::peek() { return fill() ? text_[textStart_] : -1; }

int TinyLM::read() {
  if (!fill()) return -1;
  textCount_--;
  return text_[textStart_++];
}

bool TinyLM::running() const { return ready_ && (!ended_ || textCount_ || stream_.out_count); }

void TinyLM::stop() {
  if (!ready_) return;
  tlm_stream_cancel(&stream_);
  composing_ = false;
  ended_ = true;
}

bool TinyLM::changed(const tlm_options &options) {
  tlm_sampler probe;
  if (tlm_sampler_init(&probe, &options) < 0) return false;
  options_ = options;
  chosen_ = true;
  return true;
}

bool TinyLM::temperatureQ8(uint16_t t) {
  tlm_options o = options_;
  o.temperature = t;
  return changed(o);
}

bool TinyLM::setTopK(uint16_t k) {
  tlm_options o = options_;
  o.top_k = k;
  return changed(o);
}

bool TinyLM::topPQ15(uint16_t p) {
  tlm_options o = options_;
  o.top_p = p;
  return changed(o);
}

bool TinyLM::penaltyQ10(uint16_t penalty, uint8_t tokens) {
  tlm_options o = options_;
  o.penalty = penalty;
  o.penalty_window = tokens;
  return changed(o);
}

bool TinyLM::setLength(uint32_t tokens) {
  turn_.max_tokens = tokens;
  return true;
}

bool TinyLM::setStop(const char *text) {
  const size_t n = lengthOf(text);
  if (n > TLM_STOP_MAX) return false;
  turn_.stop = text;
  turn_.stop_bytes = (uint32_t)n;
  return true;
}

void TinyLM::setSeed(uint32_t seed) {
  options_.seed = seed;
  seeded_ = true;
}

uint32_t TinyLM::tokensPerSecond() const {
  const uint32_t n = tokens(), ms = us_ / 1000u;
  if (!us_ || !n) return 0;
  return n < 4000u ? n * 1000000u / us_ : ms ? n / ms * 1000u + n % ms * 1000u / ms : 0;
}

bool TinyLMHeap::begin(const void *blob, uint32_t blobBytes) {
  end();
  const uint32_t bytes = memoryNeeded(blob, blobBytes);
  if (!bytes) return false;
  memory_ = malloc(bytes);
  if (!memory_) {
    error_ = TLM_E_MEMORY;
    return false;
  }
  return TinyLM::begin(blob, blobBytes, memory_, bytes);
}

void TinyLMHeap::end() {
  TinyLM::end();
  free(memory_);
  memory_ = NULL;
}

#endif
