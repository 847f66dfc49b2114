#include "fw_say.h"

void fw_say(fw_session *s, const char *text, uint32_t n) {
  for (; n; n--, text++) {
    if (*text == '\n' && s->echo) fw_ring_put(&s->out, "\r\n", 2);
    else fw_ring_put(&s->out, text, 1);
    s->column = *text != '\n';
  }
}

void fw_say_text(fw_session *s, const char *text) { fw_say(s, text, fw_length(text)); }

void fw_say_error(fw_session *s, const fw_error *e) {
  if (s->column) fw_say_text(s, "\n");
  fw_say_text(s, "[error ");
  fw_say_text(s, e->code);
  fw_say_text(s, ": ");
  fw_say_text(s, e->message);
  fw_say_text(s, "]\n");
}

void fw_say_mark(fw_session *s) {
  if (s->echo) fw_say_text(s, "> ");
  s->column = 0;
}
