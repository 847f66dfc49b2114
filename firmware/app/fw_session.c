#include "fw_session.h"

#include "fw_commands.h"
#include "fw_info.h"
#include "fw_messages.h"

static uint32_t now(const fw_session *s) { return s->app->port->micros(s->app->port->user); }

static void say(fw_session *s, const char *text) { fw_say_text(s, text); }

/* ---- as a client of the application ---- */

static uint32_t room(fw_client *client) {
  const fw_session *s = (const fw_session *)client;
  const uint32_t room = fw_ring_room(&s->out);
  /* Twice the text at most: escapes, or CR LF. */
  return room > FW_ANSWER_ROOM + FW_FRAME_ROOM(4u) ? (room - FW_ANSWER_ROOM - FW_FRAME_ROOM(0u)) / 2u : 0u;
}

static void text(fw_client *client, const char *bytes, uint32_t n) {
  fw_session *s = (fw_session *)client;
  if (s->framed) fw_frame_put(&s->out, FW_MSG_DATA, s->job_sequence, bytes, n);
  else fw_say(s, bytes, n);
}

static void say_result(fw_session *s, const fw_result *r) {
  char line[160];
  fw_text t;
  if (s->column) say(s, "\n");
  if (r->error.code) {
    fw_say_error(s, &r->error);
  } else if (r->bench || s->status) {
    fw_text_init(&t, line, sizeof line);
    fw_put_char(&t, '[');
    fw_put_u32(&t, r->tokens);
    fw_put(&t, " tokens, ");
    fw_put_decimal(&t, r->rate_x10, 1);
    fw_put(&t, " tokens/s, ");
    if (r->bench) {
      fw_put_u32(&t, r->ms);
      fw_put(&t, " ms");
      if (r->cycles) {
        fw_put(&t, ", ");
        fw_put_u32(&t, r->cycles);
        fw_put_char(&t, ' ');
        fw_put(&t, s->app->port->counter);
        fw_put(&t, " a token");
      }
    } else {
      fw_put(&t, "seed ");
      fw_put_u32(&t, r->seed);
      fw_put(&t, ", ");
      fw_put(&t, fw_reason_text(r->reason));
    }
    fw_put(&t, "]\n");
    fw_say(s, line, t.length);
    if (r->bench && s->app->port->describe) {
      fw_text_init(&t, s->app->scratch, sizeof s->app->scratch);
      s->app->port->describe(s->app->port->user, &t);
      say(s, "[");
      fw_say(s, t.data, t.length);
      say(s, "]\n");
    }
  }
  fw_say_mark(s);
}

static void ended(fw_client *client, const fw_result *r) {
  fw_session *s = (fw_session *)client;
  fw_text t;
  s->pending = 0;
  if (!s->framed) {
    say_result(s, r);
    return;
  }
  fw_text_init(&t, s->app->scratch, FW_PAYLOAD_MAX);
  if (r->error.code) fw_put_error(&t, &r->error);
  else fw_put_result(s->app, &t, r);
  fw_frame_put(&s->out, r->error.code ? FW_MSG_ERROR : FW_MSG_DONE, s->job_sequence, t.data, t.length);
}

/* ---- input ---- */

/* Gives the stream more of a prompt; 1 when something moved. */
static int give_prompt(fw_session *s) {
  fw_app *app = s->app;
  const int frame = s->pending == FW_PENDING_FRAME;
  const uint32_t end = frame ? s->reader.length - 4u : s->reader.length;
  uint32_t taken;
  if (app->job.owner != &s->client || app->job.kind == FW_JOB_BENCH) {
    static const fw_error gone = {FW_ERR_IDLE, "the text that this prompt belongs to has ended"};
    const int line = s->pending == FW_PENDING_LINE;
    s->pending = 0; /* what it belonged to has ended */
    if (line) {
      fw_say_error(s, &gone);
      fw_say_mark(s);
    }
    if (frame) {
      fw_text t;
      fw_text_init(&t, app->scratch, FW_PAYLOAD_MAX);
      fw_put_error(&t, &gone);
      fw_frame_put(&s->out, FW_MSG_ERROR, s->reader.data[1], t.data, t.length);
    }
    return 1;
  }
  taken = fw_job_write(app, &s->client, s->reader.data + s->pending_at, end - s->pending_at);
  s->pending_at += taken;
  if (s->pending_at < end) return taken > 0;
  if (s->pending == FW_PENDING_INSERT) {
    if (!fw_job_write(app, &s->client, "\n", 1)) return 0;
  } else if (frame) {
    fw_frame_put(&s->out, FW_MSG_DONE, s->reader.data[1], NULL, 0);
  } else {
    fw_settings settings = app->settings;
    fw_error e;
    settings.continuous = s->continuous;
    s->framed = 0;
    e = fw_job_generate(app, &s->client, &settings, 0);
    if (e.code) fw_say_error(s, &e);
  }
  s->pending = 0;
  return 1;
}

static void bad_unit(fw_session *s, int frame) {
  static const fw_error bad = {FW_ERR_BAD_FRAME, "a frame was damaged or of a wrong length; send it again"};
  static const fw_error overlong = {FW_ERR_OVERLONG, "the line is longer than 1024 bytes"};
  fw_text t;
  s->app->count.bad_units++;
  if (!frame) {
    fw_say_error(s, &overlong);
    fw_say_mark(s);
    return;
  }
  fw_text_init(&t, s->app->scratch, FW_PAYLOAD_MAX);
  fw_put_error(&t, &bad);
  fw_frame_put(&s->out, FW_MSG_ERROR, 0, t.data, t.length);
}

static void take(fw_session *s, uint8_t byte) {
  const fw_unit unit = fw_reader_take(&s->reader, byte);
  if (s->echo && s->reader.echo_bytes) fw_ring_put(&s->out, s->reader.echo, s->reader.echo_bytes);
  if (unit != FW_UNIT_NONE) s->heard = s->app->uptime_s;
  switch (unit) {
    case FW_UNIT_NONE: break;
    case FW_UNIT_LINE: fw_session_line(s, (char *)s->reader.data, s->reader.length); break;
    case FW_UNIT_FRAME: fw_session_frame(s, s->reader.data, s->reader.length); break;
    case FW_UNIT_BAD_FRAME: bad_unit(s, 1); break;
    case FW_UNIT_OVERLONG: bad_unit(s, 0); break;
    case FW_UNIT_INTERRUPT:
      if (!fw_job_cancel(s->app, &s->client)) fw_say_mark(s);
      break;
  }
}

static int read_more(fw_session *s) {
  const int32_t n = s->port.read(s->port.user, s->in, sizeof s->in);
  s->in_next = 0;
  s->in_count = n > 0 ? (uint8_t)n : 0;
  if (n < 0) fw_session_close(s);
  return n > 0;
}

/* ---- output ---- */

static int flush(fw_session *s) {
  int moved = 0;
  while (s->out.count) {
    uint32_t n;
    const uint8_t *p = fw_ring_peek(&s->out, &n);
    const int32_t taken = s->port.write(s->port.user, p, n);
    if (taken < 0) {
      fw_session_close(s);
      return 1;
    }
    if (!taken) break;
    fw_ring_drop(&s->out, (uint32_t)taken);
    moved = 1;
  }
  if (moved || !s->out.count) s->stuck = now(s);
  else if (now(s) - s->stuck > FW_SILENCE_MS * 1000u && s->app->job.owner != &s->client) {
    fw_ring_drop(&s->out, s->out.count); /* nobody listens */
  }
  return moved;
}

int fw_session_poll(fw_session *s) {
  uint32_t budget = 512; /* bytes of input at a time, so that a flood of them does not stop a text */
  int moved;
  if (!s->open) return 0;
  moved = flush(s);
  if (!s->open) return 1;
  if (s->hang_up) {
    fw_session_close(s);
    return 1;
  }
  if (s->restarting) {
    if (!s->out.count && s->app->port->restart) s->app->port->restart(s->app->port->user);
    return 1;
  }
  while (fw_ring_room(&s->out) >= FW_ANSWER_ROOM && !s->restarting && !s->hang_up && budget--) {
    if (s->pending) {
      if (give_prompt(s)) moved = 1;
      if (s->pending) break; /* the stream must work first */
      continue;
    }
    if (s->in_next == s->in_count && !read_more(s)) break;
    take(s, s->in[s->in_next++]);
    moved = 1;
  }
  if (s->open && s->out.count && flush(s)) moved = 1;
  return moved;
}

void fw_session_open(fw_session *s, fw_app *app, const fw_byte_port *port, int network, int echo) {
  s->client.room = room;
  s->client.text = text;
  s->client.ended = ended;
  s->client.network = (uint8_t)network;
  s->client.authorized = 0;
  s->app = app;
  s->port = *port;
  fw_reader_init(&s->reader);
  fw_ring_init(&s->out, s->out_data, sizeof s->out_data);
  s->in_count = s->in_next = 0;
  s->open = 1;
  s->echo = (uint8_t)echo;
  s->status = 1;
  s->framed = 0;
  s->job_sequence = 0;
  s->pending = 0;
  s->continuous = 0;
  s->column = 0;
  s->restarting = 0;
  s->hang_up = 0;
  s->stuck = now(s);
  s->heard = app->uptime_s;
  if (echo) {
    say(s, "[TinyLM " FW_VERSION ": type the beginning of a text, or /help]\n");
    if (app->state == FW_MODEL_BAD) {
      say(s, "[the model in flash cannot be used: /info says why, /load how to send another]\n");
    }
    if (app->state == FW_MODEL_NONE) say(s, "[no model in flash: /load says how to send one]\n");
    fw_say_mark(s);
  }
}

void fw_session_close(fw_session *s) {
  if (!s->open) return;
  s->open = 0;
  s->pending = 0;
  fw_client_gone(s->app, &s->client);
}

uint32_t fw_session_idle(const fw_session *s) {
  if (fw_trusted(s->app, &s->client) || s->app->job.owner == &s->client) return 0;
  return s->app->uptime_s - s->heard;
}
