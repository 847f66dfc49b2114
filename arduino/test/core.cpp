/*
 * The stand-in core: Serial over a machine's bytes, and main(). A sketch runs until its script has ended and loop() has
 * neither read nor written anything IDLE times in a row, or until it has printed ENOUGH bytes. Two bytes of a script are
 * no input: WAIT holds the rest back until the sketch is that quiet, PRESS is a press of the button.
 */
#include <Arduino.h>

#include "machine.h"

#define IDLE 3000u
#define ENOUGH 60000u
#define WAIT 0x05
#define PRESS 0x07

HardwareSerial Serial;
static int next = -1;
static bool over, waiting;
static uint32_t quiet, printed;

static void look() {
  if (next >= 0 || over || waiting) return;
  next = machine_take();
  if (next == WAIT) {
    next = -1;
    waiting = true;
    quiet = 0;
  }
  if (next == END) {
    next = -1;
    over = true;
  }
}

int HardwareSerial::available() {
  look();
  return next >= 0 ? 1 : 0;
}
int HardwareSerial::peek() {
  look();
  return next;
}
int HardwareSerial::read() {
  look();
  const int c = next;
  next = -1;
  if (c >= 0) quiet = 0;
  return c;
}
size_t HardwareSerial::write(uint8_t byte) {
  machine_put(byte);
  quiet = 0;
  if (++printed >= ENOUGH) machine_exit(0);
  return 1;
}

unsigned long micros() { return machine_micros(); }
unsigned long millis() { return machine_micros() / 1000u; }
void delay(uint32_t ms) { (void)ms; } /* nobody is there to wait for */
void yield() {}
void pinMode(uint8_t pin, uint8_t mode) { (void)pin, (void)mode; }
void digitalWrite(uint8_t pin, uint8_t value) { (void)pin, (void)value; }
int digitalRead(uint8_t pin) {
  (void)pin;
  return Serial.read() == PRESS ? LOW : HIGH; /* other bytes: not pressed meanwhile */
}
extern "C" uint32_t esp_random(void);
extern "C" uint32_t esp_random(void) {
  static uint32_t next_random = 1000; /* another one each time, and known to the test */
  return next_random++;
}

/* A bare machine has no libstdc++. */
#ifdef BARE
extern "C" void __cxa_pure_virtual(void);
extern "C" void __cxa_pure_virtual(void) { machine_exit(3); }
extern "C" int __cxa_atexit(void (*)(void *), void *, void *);
extern "C" int __cxa_atexit(void (*)(void *), void *, void *) { return 0; }
void *__dso_handle;
void operator delete(void *) noexcept {}
void operator delete(void *, size_t) noexcept {}
/* Given out, never taken back: enough for a sketch that runs once. */
extern "C" void *malloc(size_t n) {
  static uint32_t heap[24576 / 4];
  static size_t used;
  const size_t at = used;
  n = (n + 7u) & ~(size_t)7u;
  if (n > sizeof heap - used) return NULL;
  used += n;
  return (uint8_t *)heap + at;
}
extern "C" void free(void *) {}
extern "C" __attribute__((optimize("no-tree-loop-distribute-patterns"))) void *memmove(void *to, const void *from,
                                                                                       size_t n) {
  uint8_t *t = (uint8_t *)to;
  const uint8_t *f = (const uint8_t *)from;
  if (t < f) {
    while (n--) *t++ = *f++;
  } else {
    while (n--) t[n] = f[n];
  }
  return to;
}
typedef void (*constructor)(void);
extern constructor constructors_begin[], constructors_end[];
#endif

int main(void) {
#ifdef BARE
  for (constructor *c = constructors_begin; c < constructors_end; c++) (*c)();
#endif
  setup();
  for (uint32_t turns = 0; turns < 50000000u; turns++) {
    loop();
    look();
    if (next < 0 && ++quiet > IDLE) {
      if (over) machine_exit(0);
      waiting = false;
    }
  }
  machine_exit(4);
  return 4;
}
