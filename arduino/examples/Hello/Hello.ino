// A story on the Serial Monitor (115200 baud), made by this board. Press RESET for another one.
#include <TinyLM.h>
#include <models/stories.h>

TinyLMFixed<TINYLM_MODEL_MEMORY> lm;

void setup() {
  Serial.begin(115200);
  delay(1000);  // boards with USB of their own need a moment until the monitor listens
  if (!lm.begin(tinylm_model)) Serial.println(lm.errorText());
  lm.prompt("Once there was a little");
  Serial.print("Once there was a little");
}

void loop() {
  if (lm.available()) Serial.write((uint8_t)lm.read());
}
