/* Arduino's String, as far as the examples go. */
#ifndef WString_h
#define WString_h

#include <stddef.h>
#include <stdlib.h>

class String {
 public:
  String(const char *text = "") : text_(NULL), length_(0) { set(text); }
  String(const String &other) : text_(NULL), length_(0) { set(other.text_); }
  ~String() { free(text_); }
  String &operator=(const String &other) {
    if (this != &other) set(other.text_);
    return *this;
  }
  const char *c_str() const { return text_ ? text_ : ""; }
  unsigned int length() const { return length_; }
  long toInt() const {
    long n = 0;
    for (const char *p = c_str(); *p >= '0' && *p <= '9'; p++) n = n * 10 + (*p - '0');
    return n;
  }

 private:
  void set(const char *text) {
    unsigned int n = 0;
    while (text && text[n]) n++;
    char *copy = (char *)malloc(n + 1u);
    for (unsigned int i = 0; i < n; i++) copy[i] = text[i];
    copy[n] = 0;
    free(text_);
    text_ = copy;
    length_ = n;
  }
  char *text_;
  unsigned int length_;
};

#endif
