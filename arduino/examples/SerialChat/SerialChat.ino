// Type the beginning of a story into the Serial Monitor (115200 baud, line ending "New Line"); the board goes on.
//   /seed 7       the same story for the same beginning; /seed alone: another one each time
//   /temp 80      80 hundredths: more surprising (50 at first, 0 always takes the likeliest)
//   /length 50    at most so many tokens
//   /stop         ends the story that is being told
#include <TinyLM.h>
#include <models/stories.h>

TinyLMFixed<TINYLM_MODEL_MEMORY> lm;
char line[160];
size_t used = 0;
bool telling = false;

// The number after a command; false when there is none.
bool numberAfter(const char *command, uint32_t *value) {
  const char *p = line;
  while (*command && *p == *command) p++, command++;
  if (*command || *p++ != ' ' || *p < '0' || *p > '9') return false;
  for (*value = 0; *p >= '0' && *p <= '9'; p++) *value = *value * 10 + (uint32_t)(*p - '0');
  return true;
}

bool begins(const char *command) {
  const char *p = line;
  while (*command && *p == *command) p++, command++;
  return !*command;
}

void handleLine() {
  uint32_t n = 0;
  bool good = true;
  if (line[0] != '/') {
    Serial.print(line);
    telling = lm.prompt(line);
    if (!telling) Serial.println(lm.errorText());
    return;
  }
  if (begins("/stop")) lm.stop();
  else if (numberAfter("/seed", &n)) lm.setSeed(n);
  else if (begins("/seed")) lm.setRandomSeed();
  else if (numberAfter("/temp", &n)) good = n <= 1000 && lm.temperatureQ8((uint16_t)((n * 256 + 50) / 100));
  else if (numberAfter("/length", &n)) lm.setLength(n);
  else good = false;
  Serial.println(good ? "ok" : "? /seed N, /temp N, /length N, /stop");
}

void setup() {
  Serial.begin(115200);
  delay(1000);
  if (!lm.begin(tinylm_model)) Serial.println(lm.errorText());
  Serial.println("Type the beginning of a story.");
}

void loop() {
  while (Serial.available()) {
    const char c = (char)Serial.read();
    if (c == '\r') continue;
    if (c != '\n') {
      if (used + 1 < sizeof line) line[used++] = c;
      continue;
    }
    line[used] = 0;
    if (used) handleLine();
    used = 0;
    break;  // one line at a time
  }
  for (int n = lm.available(); n > 0; n--) Serial.write((uint8_t)lm.read());  // a token's text
  if (telling && !lm.running()) {
    telling = false;
    Serial.println();
    Serial.print("[");
    Serial.print(lm.tokens());
    Serial.print(" tokens, ");
    Serial.print(lm.tokensPerSecond());
    Serial.print(" a second, seed ");
    Serial.print(lm.seed());
    Serial.println("]");
  }
}
