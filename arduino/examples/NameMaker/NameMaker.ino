// Press the button, get a name on the Serial Monitor (115200 baud). The BOOT button of most ESP32 boards will do; on
// the ESP32-C3 it is GPIO 9, on the others GPIO 0. For another button: between the pin and GND.
#include <TinyLM.h>
#include <models/stories.h>

#if defined(CONFIG_IDF_TARGET_ESP32C3)
const int BUTTON = 9;
#else
const int BUTTON = 0;
#endif

TinyLMFixed<TINYLM_MODEL_MEMORY> lm;
int before = HIGH;

void printName() {
  bool any = false;
  lm.prompt("Once there was a little girl named");
  while (lm.running() && lm.tokens() < 16) {  // a name is over at the first byte that is no part of a word
    if (!lm.available()) continue;
    const int c = lm.read();
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
    if (any && !letter) break;
    if (letter) {
      Serial.write((uint8_t)c);
      any = true;
    }
  }
  lm.stop();
  Serial.println();
}

void setup() {
  Serial.begin(115200);
  pinMode(BUTTON, INPUT_PULLUP);
  lm.setTemperature(1.0);  // livelier than stories: names may be new
  if (!lm.begin(tinylm_model)) Serial.println(lm.errorText());
}

void loop() {
  const int now = digitalRead(BUTTON);
  if (before == HIGH && now == LOW) printName();
  before = now;
  delay(20);  // a button bounces
}
