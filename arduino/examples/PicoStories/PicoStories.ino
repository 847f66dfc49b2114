// The same on boards that are no ESP32: Raspberry Pi Pico (RP2040, RP2350) and boards with an nRF52840. The model is
// constant data, which these chips read where it lies, in flash. The LED blinks while a story is made.
#include <TinyLM.h>
#include <models/stories.h>

TinyLMFixed<TINYLM_MODEL_MEMORY> lm;

void setup() {
  pinMode(LED_BUILTIN, OUTPUT);
  Serial.begin(115200);
  while (!Serial) delay(10);  // USB: until the monitor is open
  if (!lm.begin(tinylm_model)) Serial.println(lm.errorText());
  Serial.println("Send anything for a story.");
}

void loop() {
  if (!Serial.available()) return;
  while (Serial.available()) Serial.read();
  lm.prompt("Once there was a little");
  Serial.print("Once there was a little");
  bool on = false;
  while (lm.running()) {
    for (int n = lm.available(); n > 0; n--) Serial.write((uint8_t)lm.read());
    digitalWrite(LED_BUILTIN, (on = !on) ? HIGH : LOW);
  }
  digitalWrite(LED_BUILTIN, LOW);
  Serial.print("\n[");
  Serial.print(lm.tokensPerSecond());
  Serial.println(" tokens a second]");
}
