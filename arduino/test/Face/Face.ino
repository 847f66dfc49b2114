// Each function of TinyLM.h once, a line of output each; test/arduino.test.ts knows what must come.
#include <TinyLM.h>
#include <TinyLMWrap.h>
#include <models/stories.h>

TinyLMFixed<TINYLM_MODEL_MEMORY> lm;
TinyLM plain;
TinyLMHeap heap;
uint32_t little[8];
TinyLMWrap<10, 3> page;

void say(const char *what, TinyLM &from) {
  Serial.print(what);
  Serial.print(": ");
  while (from.running()) {
    const int next = from.peek();
    if (next < 0) continue;
    if (from.read() != next) Serial.print("<peek is not read>");
    Serial.write((uint8_t)next);
  }
  Serial.println();
}

void check(const char *what, bool good) {
  Serial.print(good ? "yes: " : "NO: ");
  Serial.println(what);
}

void wrap(const char *text) {
  page.clear();
  page.add(text);
  for (uint8_t row = 0; row < page.rows(); row++) {
    Serial.print("|");
    Serial.print(page.line(row));
  }
  Serial.println("|");
}

void setup() {
  check("nothing before begin", !lm && !lm.running() && lm.available() == 0 && lm.read() == -1 && lm.peek() == -1 &&
                                    !lm.prompt("x") && lm.print("x") == 0 && !lm.generate() && lm.tokens() == 0);
  check("too little memory",
        !plain.begin(tinylm_model, tinylm_model_bytes, little, sizeof little) && plain.error() == TLM_E_MEMORY);
  check("no model", !plain.begin(little, sizeof little, little, sizeof little) && plain.error() < 0 &&
                        plain.memoryNeeded(little, sizeof little) == 0 && !heap.begin(little, sizeof little));
  check("as much memory as said", plain.memoryNeeded(tinylm_model, tinylm_model_bytes) == TINYLM_MODEL_MEMORY);
  check("begin", lm.begin(tinylm_model) && lm && lm.error() == TLM_OK);
  check("out of range", !lm.setTemperature(-1) && !lm.setTemperature(0.01f) && !lm.setTemperature(11) &&
                            !lm.setTopP(1.5f) && !lm.setPenalty(0.5f) && !lm.setPenalty(2, 65) &&
                            !lm.setStop("123456789012345678901234567890123"));
  lm.setSeed(5);
  lm.setLength(30);
  lm.prompt("the cat");
  say("plain", lm);
  check("the figures", lm.tokens() == 30 && lm.promptTokens() == 3 && lm.seed() == 5 &&
                           lm.reason() == TLM_STREAM_LIMIT && !lm.running());
  lm.print("the ");
  check("composing", lm.available() == 0 && !lm.running());
  lm.print(String("cat"));
  lm.generate();
  say("printed", lm);
  lm.goOn(" the house");
  say("goes on", lm);
  lm.setTemperature(0.8f);
  lm.setTopK(12);
  lm.setTopP(0.9f);
  lm.setPenalty(1.3f, 20);
  lm.prompt("house");
  say("settings", lm);
  lm.setStop("mu");
  lm.setLength(0);
  lm.setTopK(40);
  lm.setTopP(0);
  lm.setPenalty(1);
  lm.prompt("house");
  say("stop text", lm);
  check("by the stop text", lm.reason() == TLM_STREAM_STOP);
  lm.setStop("");
  lm.prompt("house");
  while (lm.tokens() < 5) {
    if (lm.available()) lm.read();
  }
  lm.stop();
  while (lm.running()) lm.read();
  check("stopped", lm.reason() == TLM_STREAM_CANCELLED && lm.tokens() >= 5 && lm.available() == 0);
  check("heap", heap.begin(tinylm_model));
  heap.setSeed(5);
  heap.setLength(30);
  heap.prompt("the cat");
  say("on the heap", heap);
  heap.end();
  check("over", !heap && heap.read() == -1);
  wrap("one two three four five");
  wrap("0123456789 abc");
  wrap("0123456789abcdefghijk");
  wrap("a\nb\nc\nd e f g h i j k");
  wrap("não é não é não é");
}

void loop() {}
