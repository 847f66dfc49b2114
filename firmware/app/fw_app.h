/*
 * The application: one model, one job at a time, any number of clients. All memory is the caller's; nothing here
 * allocates, waits, or knows the machine (see fw_port.h). Not reentrant: a port with threads calls it under one lock.
 */
#ifndef FW_APP_H
#define FW_APP_H

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
  fw_error error;         /* code NULL: it ended well */
  uint8_t reason;         /* tlm_stream_reason_code */
  uint8_t bench;          /* the job was a bench */
  uint32_t prompt_tokens;
  uint32_t tokens;
  uint32_t ms;            /* since the prompt was complete */
  uint32_t rate_x10;      /* tokens/s · 10, over the time spent on generated tokens */
  uint32_t cycles;        /* of the port's counter, a token; bench only */
  uint32_t seed;
} fw_result;

/* Whoever can own a job: a session on a byte stream, or an HTTP request. */
struct fw_client {
  /* Bytes of text that text() can take now; 0 when the client must read first. */
  uint32_t (*room)(fw_client *client);
  /* Whole UTF-8 characters: at most room() bytes, or at most FW_TEXT_PIECE when the job is being cancelled. */
  void (*text)(fw_client *client, const char *bytes, uint32_t n);
  void (*ended)(fw_client *client, const fw_result *result);
  uint8_t network;    /* came over a network: changes need the token */
  uint8_t authorized; /* has shown the token */
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
  uint32_t began;        /* micros */
  uint32_t ms;           /* of whole milliseconds that have passed since */
  uint32_t busy_micros;  /* spent on generated tokens */
  uint32_t active;       /* micros when the owner last said or took something */
  uint32_t bench_tokens;
  uint32_t bench_done;
  uint32_t cycles;       /* Σ ⌊cycles of a token / bench_tokens⌋ */
  uint32_t cycles_rest;  /* Σ of the remainders */
} fw_job;

typedef struct fw_upload {
  const fw_client *owner;
  uint32_t total;
  uint32_t at;      /* bytes taken */
  uint32_t erased;  /* flash is erased up to here */
  uint32_t active;  /* micros of the last piece */
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
} fw_counters;

struct fw_app {
  const fw_port *port;
  tlm_model model;
  tlm_engine engine;
  tlm_sampler sampler;
  tlm_stream stream;
  tlm_fault fault;
  int32_t model_code;       /* of tlm_open, when the model is bad */
  fw_model_state state;
  uint32_t *memory;         /* the engine's */
  uint32_t memory_bytes;
  uint32_t memory_used;
  uint32_t table_bytes;
  fw_settings settings;
  fw_job job;
  fw_upload upload;
  fw_counters count;
  const fw_client *conversation; /* whose it is; NULL: none */
  uint32_t uptime_s;
  uint32_t uptime_rest;     /* microseconds */
  uint32_t uptime_seen;
  uint32_t completions;     /* ids of HTTP answers */
  char scratch[FW_INFO_MAX];
  uint8_t in_ring[FW_RING];
  uint8_t out_ring[FW_RING];
};

/*
 * memory (aligned to 4) is the engine's: its state, tables and work area; how large it must be depends on the models
 * (tlm_memory_bytes). Opens the model in flash; a missing or bad one is no error here: see app->state.
 */
void fw_app_init(fw_app *app, const fw_port *port, void *memory, uint32_t bytes);

/* Does a bounded piece of the job: at most one token. Returns 1 while there is more to do at once, else 0. */
int fw_app_poll(fw_app *app);

/* Whether the client may change the device (SPEC.md 6.6). */
fw_error fw_may_change(const fw_app *app, const fw_client *client);
/* Compares with the device's token; marks the client. 0 when it is wrong or there is none. */
int fw_authorize(const fw_app *app, fw_client *client, const char *token, uint32_t n);

/* ---- jobs (fw_job.c) ---- */

/* Begins a prompt, or goes on with one. fresh: a new conversation. */
fw_error fw_job_open(fw_app *app, fw_client *client, const fw_settings *settings, int fresh);
/* Adds to the prompt; returns the bytes taken, fewer than n when the rest must wait. */
uint32_t fw_job_write(fw_app *app, const void *bytes, uint32_t n);
/* The prompt is complete. reseed: the generator begins with the settings' seed although the conversation goes on. */
fw_error fw_job_generate(fw_app *app, fw_client *client, const fw_settings *settings, int reseed);
fw_error fw_job_bench(fw_app *app, fw_client *client, uint32_t tokens);
/* Ends the client's job (the client is told by ended()); 0 when it has none. */
int fw_job_cancel(fw_app *app, fw_client *client);
fw_error fw_reset(fw_app *app, fw_client *client);
/* The client is gone: ends all that is its. ended() is not called. */
void fw_client_gone(fw_app *app, fw_client *client);
int fw_job_poll(fw_app *app);

/* ---- model (fw_model.c) ---- */

void fw_model_load(fw_app *app);
fw_error fw_upload_begin(fw_app *app, fw_client *client, uint32_t bytes);
/* The next bytes of the file. */
fw_error fw_upload_data(fw_app *app, fw_client *client, const void *bytes, uint32_t n);
fw_error fw_upload_end(fw_app *app, fw_client *client);
void fw_upload_abort(fw_app *app);
void fw_upload_poll(fw_app *app);

/* ---- info (fw_info.c) ---- */

/* JSON of SPEC.md 6.4, into app->scratch; returns its length. */
uint32_t fw_info(fw_app *app);
/* The object of `model` alone, into t. */
void fw_info_model(const fw_app *app, fw_text *t);
void fw_put_error(fw_text *t, const fw_error *e);
void fw_put_result(const fw_app *app, fw_text *t, const fw_result *r);
const char *fw_reason_text(uint8_t reason);
/* Prometheus text into t. */
void fw_metrics(fw_app *app, fw_text *t);

/* One line through the port's log, put together from up to three texts. */
void fw_log(const fw_app *app, const char *a, const char *b, const char *c);

#endif
