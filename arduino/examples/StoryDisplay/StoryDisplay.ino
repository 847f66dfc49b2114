// Stories on a small OLED display (SSD1306, 128 x 64, I2C), one after the other. Needs the library "U8g2".
// For another display change the lines between the marks: the constructor, and how a page of text is drawn.
#include <TinyLM.h>
#include <TinyLMWrap.h>
#include <models/stories.h>

// ---- the display ----
#include <U8g2lib.h>
U8G2_SSD1306_128X64_NONAME_F_HW_I2C display(U8G2_R0, U8X8_PIN_NONE);
TinyLMWrap<21, 7> page;  // 21 characters of 6 pixels, 7 rows of 9

void show() {
  display.clearBuffer();
  for (uint8_t row = 0; row < page.rows(); row++) display.drawUTF8(0, 9 * (row + 1), page.line(row));
  display.sendBuffer();
}
// With Adafruit GFX (Adafruit_SSD1306 display(128, 64, &Wire, -1)) the three lines of show() are:
//   display.clearDisplay();
//   for (uint8_t row = 0; row < page.rows(); row++) { display.setCursor(0, 9 * row); display.print(page.line(row)); }
//   display.display();
// ---------------------

TinyLMFixed<TINYLM_MODEL_MEMORY> lm;

void setup() {
  Serial.begin(115200);
  display.begin();
  display.setFont(u8g2_font_6x10_tf);
  if (!lm.begin(tinylm_model)) {
    page.add(lm.errorText());
    show();
  }
}

void loop() {
  if (!lm) return;
  page.clear();
  page.add("Once there was a little");
  lm.prompt("Once there was a little");
  while (lm.running()) {
    bool changed = false;
    for (int n = lm.available(); n > 0; n--) changed |= page.add((char)lm.read());
    if (changed) show();
    delay(100);  // slow enough to read along
  }
  delay(5000);
}
