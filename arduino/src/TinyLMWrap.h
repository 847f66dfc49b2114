/*
 * Text for a small display: takes it as it comes, breaks lines between words, and scrolls up when the last row is full.
 * Knows no display; a row is UTF-8 text that the sketch draws.
 *
 *   TinyLMWrap<21, 8> page;                       // 21 characters a row, 8 rows
 *   if (page.add((char)lm.read())) draw();        // true: something to be seen has changed
 *   for (uint8_t row = 0; row < page.rows(); row++) display.drawString(0, 8 * row, page.line(row));
 */
#ifndef TINYLM_WRAP_H
#define TINYLM_WRAP_H

#include <stdint.h>

template <uint8_t COLUMNS, uint8_t ROWS>
class TinyLMWrap {
 public:
  TinyLMWrap() { clear(); }

  void clear() {
    for (uint8_t r = 0; r < ROWS; r++) line_[r][0] = 0;
    row_ = bytes_ = columns_ = 0;
  }

  /* One byte of UTF-8. Returns whether a whole character was added or a line begun. */
  bool add(char byte) {
    const uint8_t b = (uint8_t)byte;
    if (b == '\r') return false;
    if (b == '\n') {
      newLine();
      return true;
    }
    if ((b & 0xC0u) != 0x80u) { /* a character begins; a space at the end of a full row is its end */
      if (columns_ == COLUMNS) {
        if (b == ' ') {
          newLine();
          return true;
        }
        breakLine();
      }
      if (b == ' ' && !columns_ && row_) return false; /* rows but the first begin with a word */
      columns_++;
    }
    if (bytes_ + 1u < sizeof line_[0]) line_[row_][bytes_++] = byte;
    line_[row_][bytes_] = 0;
    return true;
  }

  void add(const char *text) {
    while (*text) add(*text++);
  }

  uint8_t rows() const { return ROWS; }
  /* A row's text, "" when it is empty. */
  const char *line(uint8_t row) const { return line_[row]; }

 private:
  void newLine() {
    if (row_ + 1u < ROWS) {
      row_++;
    } else {
      for (uint8_t r = 1; r < ROWS; r++) copy(line_[r - 1], line_[r]);
    }
    bytes_ = columns_ = 0;
    line_[row_][0] = 0;
  }

  /* The word that does not fit goes to the next row, unless it fills this one alone. */
  void breakLine() {
    uint16_t at = bytes_;
    char word[sizeof line_[0]];
    while (at && line_[row_][at - 1u] != ' ') at--;
    if (!at) {
      newLine();
      return;
    }
    copy(word, line_[row_] + at);
    line_[row_][at - 1u] = 0;
    newLine();
    copy(line_[row_], word);
    for (const char *p = word; *p; p++, bytes_++) columns_ = (uint8_t)(columns_ + (((uint8_t)*p & 0xC0u) != 0x80u));
  }

  static void copy(char *to, const char *from) {
    while ((*to++ = *from++) != 0) {}
  }

  char line_[ROWS][4u * COLUMNS + 1u]; /* a character has at most 4 bytes */
  uint16_t bytes_;                     /* of the row that is being filled */
  uint8_t row_, columns_;
};

#endif
