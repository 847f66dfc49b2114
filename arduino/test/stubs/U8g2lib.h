/* A display that prints each page that is sent to Serial: its rows between |, then a line of dashes. */
#pragma once
#include <Arduino.h>

struct u8g2_cb_t {};
static const u8g2_cb_t u8g2_cb_r0 = {};
#define U8G2_R0 (&u8g2_cb_r0)
#define U8X8_PIN_NONE 255
static const uint8_t u8g2_font_6x10_tf[] = {0};

class U8G2 {
 public:
  bool begin() { return true; }
  void setFont(const uint8_t *font) { (void)font; }
  void clearBuffer() {}
  uint16_t drawUTF8(uint16_t x, uint16_t y, const char *text) {
    (void)x, (void)y;
    Serial.print("|");
    Serial.print(text);
    Serial.print("|\n");
    return 0;
  }
  void sendBuffer() { Serial.print("--------\n"); }
};
class U8G2_SSD1306_128X64_NONAME_F_HW_I2C : public U8G2 {
 public:
  U8G2_SSD1306_128X64_NONAME_F_HW_I2C(const u8g2_cb_t *rotation, uint8_t reset) { (void)rotation, (void)reset; }
};
