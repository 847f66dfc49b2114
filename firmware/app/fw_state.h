/*
 * What the application remembers: one model, one job at a time, any number of clients. All memory is the caller's.
 * Every part works on this; which part may use which is held by scripts/check-includes.ts.
 */
#ifndef FW_STATE_H
#define FW_STATE_H

#include "fw_port.h"
#include "fw_protocol.h"
#include "fw_settings.h"
#include "tinylm.h"

/* NULL stands for success: code is one of FW_ERR_…. */
typedef struct fw_error {
  const char *code;
  const char *message;
} fw_error;

extern const fw_error fw_ok;

typedef struct fw_app fw_app;
typedef struct fw_client fw_client;

/* How a job ended, or what a bench found. */
typedef struct fw_result {
  fw_error error; /* code NULL: it ended well */
  uint8_t reason; /* tlm_stream_reason_code */
  uint8_t bench;  /* the job was a bench */
  uint32_t prompt_tokens;
  uint32_t tokens;
  uint32_t ms;       /* since the prompt was complete */
  uint32_t rate_x10; /* tokens/s · 10, over the time spent on generated tokens */
  uint32_t cycles;   /* of the port's counter, a token; bench only */
  uint32_t seed;
} fw_result;

/* Whoever can own a job: a session on a byte stream, or an HTTP request. */
struct fw_client {
  /* Bytes of text that text() can take now; 0 when the client must read first. */
  uint32_t (*room)(fw_client *client);
  /* Whole UTF-8 characters: at most room() bytes, or at most FW_TEXT_PIECE when the job is being cancelled. */
  void (*text)(fw_client *client, const char *bytes, uint32_t n);
  void (*ended)(fw_client *client, const fw_result *result);
  uint8_t network;     /* came over a network: changes need the token */
  uint32_t authorized; /* fw_app.token_changes + 1 when it showed the token; 0: it has not */
};

/* Most bytes of one text(). */
#define FW_TEXT_PIECE 64u
/* Bytes of the stream's two rings. */
#define FW_RING 256u
/* Bytes written to flash at once. */
#define FW_PAGE 256u
#define FW_SECTOR 4096u

typedef enum fw_model_state { FW_MODEL_NONE, FW_MODEL_BAD, FW_MODEL_READY, FW_MODEL_UPLOAD } fw_model_state;
typedef enum fw_job_kind { FW_JOB_NONE, FW_JOB_PROMPT, FW_JOB_GENERATE, FW_JOB_BENCH } fw_job_kind;

typedef struct fw_job {
  fw_job_kind kind;
  fw_client *owner;
  fw_settings settings;
  uint32_t seed;
  uint32_t began;          /* micros */
  uint32_t ms;             /* of whole milliseconds that have passed since */
  uint32_t busy_micros;    /* spent on generated tokens */
  uint32_t active;         /* micros when the owner last said or took something */
  uint32_t opened;         /* uptime_ms when the owner got the job */
  uint32_t polled;         /* micros of the last poll */
  uint32_t blocked;        /* µs that its text waited for the owner, not yet in window_blocked */
  uint32_t lag;            /* µs that its text waited, less those in which it did not */
  uint32_t window_blocked; /* ms of that since `window` */
  uint32_t window;         /* micros when the count of what it takes began */
  uint32_t window_bytes;   /* of text that it has taken since */
  uint32_t bench_tokens;
  uint32_t bench_done;
  uint32_t cycles;      /* Σ ⌊cycles of a token / bench_tokens⌋ */
  uint32_t cycles_rest; /* Σ of the remainders */
  /* what of a prompt is under way, see fw_job_write */
  uint8_t mark;   /* bytes of a byte order mark that are held back; 3: its second alone */
  uint8_t cr;     /* a carriage return was the last byte */
  uint8_t begins; /* a line begins */
} fw_job;

typedef struct fw_upload {
  const fw_client *owner;
  uint32_t base; /* where in the region the file goes */
  uint32_t total;
  uint32_t at;     /* bytes taken */
  uint32_t erased; /* flash is erased up to here */
  uint32_t active; /* micros of the last piece */
  uint32_t page[FW_PAGE / 4];
} fw_upload;

typedef struct fw_counters {
  uint32_t prompt_tokens;
  uint32_t tokens;
  uint32_t ended[5]; /* by tlm_stream_reason_code */
  uint32_t refused;  /* busy */
  uint32_t failed;
  uint32_t busy_ms;
  uint32_t busy_micros;
  uint32_t bad_units; /* frames and lines that could not be used */
  uint32_t uploads;
  uint32_t wrong_tokens;
  uint32_t foreign; /* requests of other sites' pages */
  uint32_t slow;    /* texts and requests given up because their client was too slow */
} fw_counters;

struct fw_app {
  const fw_port *port;
  tlm_model model;
  tlm_engine engine;
  tlm_sampler sampler;
  tlm_stream stream;
  tlm_fault fault;
  uint32_t model_at;  /* where in the region the model is */
  int32_t model_code; /* of tlm_open, when the model is bad */
  fw_model_state state;
  uint32_t *memory; /* the engine's */
  uint32_t memory_bytes;
  uint32_t memory_used;
  uint32_t table_bytes;
  fw_settings settings;
  fw_job job;
  fw_upload upload;
  fw_counters count;
  const fw_client *conversation; /* whose it is; NULL: none */
  uint32_t uptime_s;
  uint32_t uptime_ms;   /* wraps */
  uint32_t uptime_part; /* milliseconds of a second that has not passed yet */
  uint32_t uptime_rest; /* microseconds of a millisecond */
  uint32_t uptime_seen;
  uint32_t completions;   /* ids of HTTP answers */
  uint32_t token_changes; /* how often the token was changed: who showed an older one must show it again */
  uint32_t guesses;       /* wrong tokens, forgotten one a minute */
  uint32_t guessed_at;    /* uptime_s of the last one, or of the last one forgotten */
  uint32_t guess_from;    /* uptime_s before which no token is looked at */
  char scratch[FW_INFO_MAX];
  uint8_t in_ring[FW_RING];
  uint8_t out_ring[FW_RING];
};

/* One line through the port's log, put together from up to three texts. */
void fw_log(const fw_app *app, const char *a, const char *b, const char *c);

#endif
