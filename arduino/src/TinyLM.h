/*
 * TinyLM for sketches: a tiny language model that writes text on the board itself. A thin face over the C engine
 * (engine/tinylm.h): integers only, and no heap unless the sketch asks for it with TinyLMHeap.
 *
 *   #include <TinyLM.h>
 *   #include "model.h"                          // tinylm export MODEL --header; names tinylm_model
 *   TinyLMFixed<TINYLM_MODEL_MEMORY> lm;        // all memory of the engine lies in this object
 *
 *   void setup() { Serial.begin(115200); lm.begin(tinylm_model); lm.prompt("Once upon a time"); }
 *   void loop() { if (lm.available()) Serial.write(lm.read()); }
 *
 * A TinyLM is a Stream: what is printed into it is the beginning of a text, what is read from it is how the text goes
 * on. available() and read() do at most one token's work and return, so with an "if" as above the rest of loop() goes
 * on; "while (lm.available())" stays until the text has ended. A token's text at once:
 *
 *   for (int n = lm.available(); n > 0; n--) Serial.write((uint8_t)lm.read());
 */
#ifndef TINYLM_ARDUINO_H
#define TINYLM_ARDUINO_H

#ifndef ARDUINO
#error "TinyLM.h is for Arduino sketches; elsewhere include engine/tinylm.h, the C engine"
#endif
#include <Arduino.h>

#include "engine/tinylm.h"

#define TINYLM_VERSION "0.1.0"

/* Prompt bytes that wait for the engine; a longer prompt is fed piece by piece. */
#define TINYLM_PROMPT_BYTES 64u
/* Tokens of a text unless setLength() says otherwise. */
#define TINYLM_LENGTH 200u

class TinyLM : public Stream {
 public:
  TinyLM();

  /*
   * Opens a model. blob: the bytes of a .tlm file, aligned to 4, that stay where they are (flash is best). memory:
   * aligned to 4, memoryBytes of it, at least what TINYLM_MODEL_MEMORY or memoryNeeded() says; it belongs to this
   * object until end(). Checks the whole file once. false: error() and errorText() say why.
   */
  bool begin(const void *blob, uint32_t blobBytes, void *memory, uint32_t memoryBytes);
  /* The model is not used any more; begin() may be called again. */
  void end();
  /* Bytes of memory that begin() needs for a model, 0 for what is no model (error() says why). */
  uint32_t memoryNeeded(const void *blob, uint32_t blobBytes);
  /* Whether begin() went well. */
  explicit operator bool() const { return ready_; }

  /*
   * Begins a new text that goes on from these words; an empty one goes on from nothing. A prompt longer than
   * TINYLM_PROMPT_BYTES takes a token's time for each of its tokens before this returns. false: not begun, or an
   * error of the engine.
   */
  bool prompt(const char *text);
  bool prompt(const char *text, size_t bytes);
  bool prompt(const String &text) { return prompt(text.c_str(), text.length()); }
  /* The same in the conversation so far: the model still knows what was said. */
  bool goOn(const char *text = "");

  /* The way of a Stream: print the beginning of a new text piece by piece, then generate(). */
  size_t write(uint8_t byte) override;
  size_t write(const uint8_t *bytes, size_t n) override;
  using Print::write;
  bool generate();

  /* Bytes of text that can be read now. When there are none it makes one token's text first, unless the text ended. */
  int available() override;
  /* The next byte, or -1. The text is UTF-8; the bytes of one character come together. */
  int read() override;
  int peek() override;
  /* true until the text has ended and all of it was read. */
  bool running() const;
  /* Ends the text; what was made so far can still be read. */
  void stop();

  /*
   * Settings, from the next prompt on. false: out of range, nothing has changed. Until temperature, top-k, top-p or penalty is
   * set, all four are as the model's file says. Numbers with a point are turned into
   * the engine's integers by the compiler when they are constants.
   */
  bool setTemperature(float t) { /* 0: always the likeliest token; 0.05 to 10; usually 0.5 */
    return t >= 0 && t <= 10 && temperatureQ8((uint16_t)(t * 256 + 0.5f));
  }
  bool setTopK(uint16_t k); /* only the k likeliest tokens; 0: all; usually 40 */
  bool setTopP(float p) {   /* only the likeliest tokens that have this share together; 0 or 1: off */
    return p >= 0 && p <= 1 && topPQ15((uint16_t)(p * 32768 + 0.5f));
  }
  bool setPenalty(float penalty, uint8_t tokens = 64) { /* against repetition: 1 (off) to 4, looking back so far */
    return penalty >= 1 && penalty <= 4 && penaltyQ10((uint16_t)(penalty * 1024 + 0.5f), tokens);
  }
  bool setLength(uint32_t tokens); /* most tokens of a text; 0: no limit */
  /* The text ends before these words, at most 32 bytes; they must stay where they are. NULL or "": none. */
  bool setStop(const char *text);
  /* The same prompt with the same seed gives the same text, on every board. */
  void setSeed(uint32_t seed);
  /* Another text each time, as at first. */
  void setRandomSeed() { seeded_ = false; }
  /* The same settings in the engine's integers (SPEC.md 4). */
  bool temperatureQ8(uint16_t t);
  bool topPQ15(uint16_t p);
  bool penaltyQ10(uint16_t penalty, uint8_t tokens);

  /* The seed of the text that is being made: setSeed() with it makes the same one again. */
  uint32_t seed() const { return options_.seed; }
  /* Tokens of this text so far, and of its prompt. */
  uint32_t tokens() const { return ready_ ? tlm_stream_generated(&stream_) : 0; }
  uint32_t promptTokens() const { return ready_ ? tlm_stream_prompt_tokens(&stream_) : 0; }
  /* Speed of this text, whole tokens a second, the engine's own time only; 0 before the first token. */
  uint32_t tokensPerSecond() const;
  /* Why the text ended: TLM_STREAM_EOD (the model ended it), _LIMIT, _STOP, _CANCELLED; or TLM_STREAM_NOT_ENDED. */
  int reason() const { return ready_ ? tlm_stream_reason(&stream_) : (int)TLM_STREAM_NOT_ENDED; }

  /* What went wrong last (TLM_E_..., 0: nothing) and a sentence for it. */
  int error() const { return error_; }
  const char *errorText() const { return tlm_error_text(error_); }
  /* Where a file was refused: offset, what was found, what was expected. */
  const tlm_fault &fault() const { return fault_; }

  /* The C engine underneath, for what this face has not. */
  tlm_model &model() { return model_; }
  tlm_engine &engine() { return engine_; }
  tlm_stream &stream() { return stream_; }

 private:
  bool start();
  bool fill();
  bool changed(const tlm_options &options);
  size_t take(const uint8_t *bytes, size_t n);

  tlm_model model_;
  tlm_engine engine_;
  tlm_sampler sampler_;
  tlm_stream stream_;
  tlm_options options_;
  tlm_stream_options turn_;
  tlm_fault fault_;
  uint8_t in_[TINYLM_PROMPT_BYTES];
  uint8_t out_[TLM_STREAM_OUTPUT_MIN];
  uint8_t text_[TLM_TEXT_MAX]; /* read from the engine, not yet by the sketch */
  uint8_t textStart_, textCount_;
  bool ready_, seeded_, chosen_ /* sampling, by the sketch */, composing_, ended_;
  uint32_t us_; /* the engine's time for this text */

 protected:
  int error_;
};

/* A TinyLM with BYTES of memory for the engine inside the object. */
template <uint32_t BYTES>
class TinyLMFixed : public TinyLM {
 public:
  using TinyLM::begin;
  bool begin(const void *blob, uint32_t blobBytes) { return TinyLM::begin(blob, blobBytes, memory_, sizeof memory_); }
  /* A model header's array. */
  template <uint32_t N>
  bool begin(const uint8_t (&blob)[N]) {
    return begin(blob, N);
  }

 private:
  uint32_t memory_[(BYTES + 3u) / 4u];
};

/* A TinyLM that takes the engine's memory from the heap, as much as the model needs. */
class TinyLMHeap : public TinyLM {
 public:
  TinyLMHeap() : memory_(NULL) {}
  ~TinyLMHeap() { end(); }
  bool begin(const void *blob, uint32_t blobBytes);
  template <uint32_t N>
  bool begin(const uint8_t (&blob)[N]) {
    return begin(blob, N);
  }
  void end();

 private:
  TinyLMHeap(const TinyLMHeap &);
  TinyLMHeap &operator=(const TinyLMHeap &);
  void *memory_;
};

#endif
