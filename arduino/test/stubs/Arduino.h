/*
 * As much of an Arduino core as the library and its examples use, to compile and run them without one: on the host and
 * on QEMU's RISC-V and Xtensa machines. Signatures are those of the ESP32 core; what a machine gives is in machine.h.
 */
#ifndef Arduino_h
#define Arduino_h

#include <stddef.h>
#include <stdint.h>

#define HIGH 1
#define LOW 0
#define OUTPUT 3
#define INPUT_PULLUP 5
#define LED_BUILTIN 2

unsigned long millis();
unsigned long micros();
void delay(uint32_t ms);
void yield();
void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t value);
int digitalRead(uint8_t pin);

#include "WString.h"

class Print {
 public:
  virtual ~Print() {}
  virtual size_t write(uint8_t) = 0;
  virtual size_t write(const uint8_t *bytes, size_t n) {
    size_t done = 0;
    while (done < n && write(bytes[done])) done++;
    return done;
  }
  size_t write(const char *text) {
    size_t n = 0;
    while (text && text[n]) n++;
    return write((const uint8_t *)text, n);
  }
  virtual int availableForWrite() { return 0; }
  virtual void flush() {}
  size_t print(const char *text) { return write(text); }
  size_t print(const String &text) { return write(text.c_str()); }
  size_t print(char c) { return write((uint8_t)c); }
  size_t print(unsigned int n) { return print((unsigned long)n); }
  size_t print(int n) { return n < 0 ? print('-') + print(0ul - (unsigned long)n) : print((unsigned long)n); }
  size_t print(unsigned long n) {
    char digits[24];
    size_t at = sizeof digits;
    digits[--at] = 0;
    do digits[--at] = (char)('0' + n % 10u);
    while ((n /= 10u) != 0);
    return print(digits + at);
  }
  template <class T>
  size_t println(T value) {
    return print(value) + println();
  }
  size_t println() { return print("\r\n"); }
};

class Stream : public Print {
 public:
  virtual int available() = 0;
  virtual int read() = 0;
  virtual int peek() = 0;
};

class HardwareSerial : public Stream {
 public:
  void begin(unsigned long baud) { (void)baud; }
  operator bool() const { return true; }
  int available() override;
  int read() override;
  int peek() override;
  size_t write(uint8_t) override;
  using Print::write;
  size_t write(int n) { return write((uint8_t)n); }
};
extern HardwareSerial Serial;

void setup();
void loop();

#endif
