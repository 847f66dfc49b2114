/*
 * TinyLM: runs a ternary language model (.tlm) on a microcontroller.
 *
 * C99, integers only. No heap, no stdio, no clock, no globals that change; of libc only memcpy and
 * memset. The caller owns every byte: the model is a const view of the blob (a mapped flash
 * partition, say), whose weights are used where they lie; state, tables and work area are one
 * block of memory that the caller passes in. Two engines may run over one model at once.
 *
 * The file and each rounding are defined in SPEC.md; the section numbers below are its own.
 *
 *   static tlm_model model;  static tlm_engine engine;  static tlm_sampler sampler;
 *   static uint32_t memory[4096];
 *   tlm_options options = tlm_options_default();
 *   if (tlm_open(&model, blob, blob_bytes, NULL) < 0) ...
 *   if (tlm_init(&engine, &model, memory, sizeof memory, TLM_KERNEL_TABLE, 0) < 0) ...
 *   tlm_sampler_init(&sampler, &options);
 *   tlm_step(&engine, tlm_eod(&model));
 *   for (;;) { int t = tlm_sample(&engine, &sampler); ... tlm_decode(&decoder, t, text) ...
 *              tlm_step(&engine, t); }
 *
 * Functions return 0 or a count when all is well and a negative TLM_E_… otherwise.
 */
#ifndef TINYLM_H
#define TINYLM_H

#include <stddef.h>
#include <stdint.h>

#include "tinylm_errors.h" /* TLM_OK, TLM_E_… */

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors ------------------------------------------------------------------------------- */

/* A short English sentence for a code; never NULL. */
const char *tlm_error_text(int code);

/* Where a file was refused. */
typedef struct tlm_fault {
  uint32_t offset;   /* byte offset in the file */
  uint32_t found;    /* the value that was there */
  uint32_t expected; /* the value, or the limit, that it broke */
} tlm_fault;

/* ---- model -------------------------------------------------------------------------------- */

/* Most layers of a model that this build opens; fewer make tlm_model smaller (35 bytes a layer on a chip). */
#ifndef TLM_LAYERS_MAX
#define TLM_LAYERS_MAX 16u
#endif
#define TLM_NGRAMS_MAX 4u
/* Sources; 4 tensors a layer, and a fifth for a GRU on a block; gain, matrix and bias of the head, and the cache's. */
#define TLM_TENSORS_MAX (1u + TLM_NGRAMS_MAX + (9u * TLM_LAYERS_MAX + 1u) / 2u + 4u)

/* A tensor, where it lies. Fields are for reading. */
typedef struct tlm_tensor {
  const uint8_t *data;  /* planes · rows · row_bytes, or a copy of the first `moved` planes */
  const uint8_t *scale; /* mantissas (rows, or 1 for an n-gram table) of scale_bytes each; NULL for a bias or gain */
  uint32_t offset;      /* of the data in the file, bytes */
  uint32_t rows;
  uint16_t cols;
  uint16_t row_bytes;
  uint8_t id;          /* TLM_TENSOR_… (1.2) */
  uint8_t layer;       /* or number of the n-gram table */
  uint8_t type;        /* 1 = t2, 2 = b3, 3 = i16, 4 = i8 */
  uint8_t planes;      /* trits a weight, 1 … 3; 1 for a bias or gain */
  uint8_t shift;       /* scale_shift of weights */
  uint8_t frac;        /* Q of a bias or gain */
  uint8_t scale_bytes; /* 1 or 2; 0 for a bias or gain */
  uint8_t moved;       /* planes that are read from a copy (tlm_relocate) */
} tlm_tensor;

/* A layer of the stack. Fields are for reading. */
typedef struct tlm_layer {
  uint8_t kind;   /* TLM_LAYER_… (1.1): 1 GRU, 2 MLGRU, 3 GLU */
  uint8_t tensor; /* its first one in model->tensors */
  uint8_t stream; /* whether it reads the residual stream, instead of 8-bit values */
  uint16_t in;    /* width of its input */
  uint16_t width;
  uint16_t state; /* where its state begins among those of all layers, numbers */
} tlm_layer;

/* A table of rows for the last tokens. Fields are for reading. */
typedef struct tlm_ngram {
  uint8_t order;    /* tokens that choose a row, 2 … 4 */
  uint8_t rows_log; /* 4 … 20 */
  uint16_t width;
} tlm_ngram;

/* An open model: a view of the blob, which must stay where it is. Fields are for reading. */
typedef struct tlm_model {
  const uint8_t *blob;
  uint32_t file_bytes;
  uint32_t crc; /* the file's last four bytes: the model's identity */
  uint16_t vocab;
  uint16_t dim;    /* width of the token embedding */
  uint16_t input;  /* width of all sources together */
  uint16_t hidden; /* width of what the head reads */
  uint16_t stream; /* width of the widest residual stream, 0 for none */
  uint16_t states; /* numbers that all layers keep from token to token */
  uint16_t eod;
  uint16_t cache;  /* tokens that the cache of recent text looks back on (3.9), 0 for none */
  uint8_t version; /* of the file's format */
  uint8_t layers;
  uint8_t ngrams;
  uint8_t embed_frac;
  uint8_t tied;
  uint8_t head_stream; /* whether the head reads the residual stream */
  uint8_t head_tensor; /* the head's first tensor */
  uint8_t reset_on_eod;
  uint8_t tokenizer_kind; /* 1 byte, 2 char, 3 bpe */
  uint8_t merge_bytes;    /* of a record: 4 in version 1, else 2 or 3 */
  uint16_t base_count;
  uint16_t merge_count;
  uint16_t nibble_base;
  uint16_t symbols[4];        /* base symbols of 1 … 4 bytes; all zero in version 1, whose records have 4 bytes each */
  const uint8_t *base;        /* base symbols; NULL for kind byte */
  const uint8_t *merges;      /* (merge_count) records */
  const uint8_t *merge_index; /* (merge_count) u16: merges sorted by what they merge; NULL for none */
  const uint8_t *metadata;    /* JSON text, not zero-terminated */
  uint32_t metadata_bytes;
  uint32_t weights;      /* weights stored, of one to three trits each */
  uint32_t weight_bytes; /* their packed bytes */
  uint32_t tensor_count;
  tlm_ngram ngram[TLM_NGRAMS_MAX];
  tlm_layer layer[TLM_LAYERS_MAX];
  tlm_tensor tensors[TLM_TENSORS_MAX]; /* in the order of 1.2 */
} tlm_model;

/*
 * Opens a blob after every check of section 1 (sizes, then the CRC, then all the rest); after it the
 * hot path checks nothing. region_bytes is the size of the memory at blob, which may be larger than
 * the file. fault may be NULL. Reads the whole file once.
 */
int tlm_open(tlm_model *model, const void *blob, uint32_t region_bytes, tlm_fault *fault);

uint32_t tlm_vocab(const tlm_model *model);
/* The end-of-document token; generation starts with it. */
uint32_t tlm_eod(const tlm_model *model);

/* Whether every byte of tensor `index` is read for each token; of others only a row, or it is a bias or gain. */
int tlm_is_product(const tlm_model *model, uint32_t index);

/*
 * Makes the engine read the first `planes` planes (trits) of tensor `index` of model->tensors from a copy in faster
 * memory; NULL goes back to the blob. The copy has planes · rows · row_bytes bytes, made by the caller from
 * tensors[index].data, and must stay. Do this before the engines over this model run.
 */
int tlm_relocate_planes(tlm_model *model, uint32_t index, uint32_t planes, const void *copy);
/* The same with all planes of a tensor. */
int tlm_relocate(tlm_model *model, uint32_t index, const void *copy);

/* ---- engine ------------------------------------------------------------------------------- */

typedef enum tlm_kernel_id {
  TLM_KERNEL_REFERENCE = 0, /* unpacks each weight; slow, needs no tables */
  TLM_KERNEL_TABLE = 1      /* partial sums of 4 or 5 activations, looked up a byte at a time */
} tlm_kernel_id;

/*
 * Table memory used when table_budget is 0, bytes; 64 columns need 6.2 KB, 335 fill it. A wider matrix is worked off in
 * pieces that fit, and then reads a line of flash once for each piece that has a part of it.
 */
#define TLM_TABLE_BUDGET_DEFAULT 32768u
/* The least table budget, bytes: one group of either packing. */
#define TLM_TABLE_BUDGET_MIN 512u

/* A piece of a matrix product; parts 0 … parts−1 may run at the same time. */
typedef void (*tlm_job)(void *argument, uint32_t part, uint32_t parts);
/* Runs job(argument, p, parts) for every p < parts and returns when all have returned. */
typedef void (*tlm_parallel)(void *user, tlm_job job, void *argument, uint32_t parts);

#define TLM_RECENT_MAX 64u
#define TLM_TABLE_SLOTS_MAX 4u

/* Fields are private. */
typedef struct tlm_engine {
  const tlm_model *model;
  const struct tlm_kernel *kernel;
  tlm_parallel parallel;
  void *parallel_user;
  uint32_t parallel_parts;
  uint32_t parallel_share; /* a part's share of the rows, Q16, rounded up */
  int16_t *h;              /* (states) Q15 */
  int16_t *stream;         /* (widest) Q11 */
  int16_t *gates;    /* Q11: (6H) of a GRU, (3W) or (2W) of a block, or what a block adds to the stream; between steps
                        the cache's counts, then the sampler's sums */
  int16_t *logits;   /* (V) Q9 */
  int8_t *x;         /* (widest input + padding) */
  int16_t *table;    /* slots · slot_bytes */
  uint32_t *scratch; /* accumulators of a product in pieces */
  uint16_t *cache;   /* (model->cache) ring of the last tokens since a reset, eod counted; unused ones zero */
  uint32_t slot_bytes;
  uint32_t slots;
  uint16_t slot_groups[2];                /* packed bytes whose tables a slot holds: t2, b3 */
  uint8_t slot_of[TLM_LAYERS_MAX + 2u];   /* slot of each input: the sources, the layers' states, the others */
  uint16_t slot_tag[TLM_TABLE_SLOTS_MAX]; /* which input and packing a slot holds; 0 none */
  uint16_t recent[TLM_RECENT_MAX];        /* ring of the last tokens, eod not counted */
  uint16_t context[4];                    /* the last tokens, newest first, eod counted */
  uint16_t x_input;                       /* which input x holds; 0 none */
  uint16_t cache_next;
  uint16_t cache_count;
  uint8_t recent_next;
  uint8_t recent_count;
  uint8_t logits_ready;
} tlm_engine;

/*
 * Bytes that tlm_init needs for this model, 0 for an unknown kernel or a budget that is not 0 and
 * below TLM_TABLE_BUDGET_MIN. table_budget: most bytes for look-up tables, 0 = the default; fewer
 * are taken when the model needs fewer.
 */
uint32_t tlm_memory_bytes(const tlm_model *model, int kernel, uint32_t table_budget);

/* memory: aligned to 4, at least tlm_memory_bytes(…), kept until the engine is not used any more. */
int tlm_init(tlm_engine *engine, const tlm_model *model, void *memory, uint32_t bytes, int kernel,
             uint32_t table_budget);

/*
 * Splits the rows of large products over `parts` workers (two cores, say); parts ≤ 1 or run = NULL
 * turns it off. The results do not change.
 */
int tlm_set_parallel(tlm_engine *engine, tlm_parallel run, void *user, uint32_t parts);

/* Zero state, no recent tokens. Generation starts with a reset and then the token eod. */
void tlm_reset(tlm_engine *engine);

/* Feeds one token (section 3, up to 3.7). Cost known beforehand, the same for every token. */
int tlm_step(tlm_engine *engine, uint32_t token);

/*
 * Logits (V) after the last step, Q9 (3.8, 3.9). The product is made here, once a step, so a prompt's
 * inner tokens do not pay for it. The pointer stays the same for the engine's life.
 */
const int16_t *tlm_logits(tlm_engine *engine);

/* ---- sampling (section 4) ----------------------------------------------------------------- */

typedef struct tlm_options {
  uint16_t temperature;   /* Q8; 0 = greedy, else 13 … 2560 */
  uint16_t top_k;         /* 0 = off */
  uint16_t top_p;         /* Q15; 0 or 32768 = off */
  uint16_t penalty;       /* repetition penalty, Q10; 1024 = off … 4096 */
  uint8_t penalty_window; /* 0 … 64 tokens */
  uint32_t seed;
} tlm_options;

/* Temperature 0.5, top_k 40, the rest off, seed 1. */
tlm_options tlm_options_default(void);
/* What the model's file says it is best sampled with, or else the same; seed 1. */
tlm_options tlm_options_of(const tlm_model *model);

/* Fields are private. */
typedef struct tlm_sampler {
  uint32_t rng[4];
  uint32_t inv_t;   /* 2^18 / temperature, 0 = greedy */
  uint32_t inv_pen; /* 2^20 / penalty */
  uint16_t top_k;
  uint16_t top_p;
  uint16_t penalty;
  uint8_t penalty_window;
} tlm_sampler;

/* Sets options and seeds the generator. TLM_E_OPTION leaves the sampler as it was. */
int tlm_sampler_init(tlm_sampler *sampler, const tlm_options *options);

/* Changes options and keeps the generator's state; the seed is not looked at. */
int tlm_sampler_set(tlm_sampler *sampler, const tlm_options *options);

/* The next 32 random bits (xoshiro128** 1.1). */
uint32_t tlm_random(tlm_sampler *sampler);

/*
 * Draws the next token from the logits of the last step; it is not fed. Recent tokens, for the
 * repetition penalty, are those that tlm_step was given.
 */
int tlm_sample(tlm_engine *engine, tlm_sampler *sampler);

/* ---- text (section 2) --------------------------------------------------------------------- */

/* Most bytes that one tlm_decode or tlm_decode_end writes. */
#define TLM_TEXT_MAX 36u
/* Returned by tlm_encoder_next when it waits for more bytes. */
#define TLM_NONE (-100)

/* Fields are private. */
typedef struct tlm_encoder {
  const tlm_model *model;
  uint16_t tokens[64]; /* of the current word */
  uint8_t bytes[36];   /* not yet a whole word */
  uint8_t length;
  uint8_t count;
  uint8_t next;
  uint8_t ended;
} tlm_encoder;

void tlm_encoder_init(tlm_encoder *encoder, const tlm_model *model);
/* Takes the bytes that it has room for; returns how many (0 … n). Call tlm_encoder_next until TLM_NONE, then again. */
uint32_t tlm_encoder_write(tlm_encoder *encoder, const void *bytes, uint32_t n);
/* The text ends here: what is held becomes tokens. The next write begins a new text. */
void tlm_encoder_end(tlm_encoder *encoder);
/* The next token, or TLM_NONE. Without an end the last word waits, because more letters may follow. */
int tlm_encoder_next(tlm_encoder *encoder);

/* A whole text at once: the number of tokens, or TLM_E_SPACE. At most 2 tokens a byte. */
int32_t tlm_encode(const tlm_model *model, const void *text, uint32_t n, uint16_t *tokens, uint32_t cap);

/* Fields are private. */
typedef struct tlm_decoder {
  const tlm_model *model;
  uint8_t held[4]; /* bytes of an unfinished UTF-8 character, at most 3 */
  uint8_t held_count;
  uint8_t nibble; /* 0xFF, or a first nibble */
} tlm_decoder;

void tlm_decoder_init(tlm_decoder *decoder, const tlm_model *model);
/* Writes the whole characters that this token completes; returns bytes written (0 … TLM_TEXT_MAX). */
int tlm_decode(tlm_decoder *decoder, uint32_t token, uint8_t text[TLM_TEXT_MAX]);
/* At the end of a text: releases what is held. */
int tlm_decode_end(tlm_decoder *decoder, uint8_t text[TLM_TEXT_MAX]);
/* Bytes of one token by itself (0 for eod of char and bpe, and for a nibble); 0 … 32. */
int tlm_token_text(const tlm_model *model, uint32_t token, uint8_t text[TLM_TEXT_MAX]);

/* ---- save and restore (1.5) --------------------------------------------------------------- */

uint32_t tlm_snapshot_bytes(const tlm_model *model);
/* Returns the bytes written, or TLM_E_SPACE. */
int32_t tlm_save(const tlm_engine *engine, const tlm_sampler *sampler, void *out, uint32_t cap);
/* Accepts only what tlm_save wrote for the same file. On an error nothing has changed. */
int tlm_restore(tlm_engine *engine, tlm_sampler *sampler, const void *snapshot, uint32_t bytes);

/* ---- stream: prompt bytes in at any time, text out, without end ----------------------------- */

#define TLM_STOP_MAX 32u
/* The output buffer must be at least this large. */
#define TLM_STREAM_OUTPUT_MIN 128u

typedef enum tlm_stream_state {
  TLM_STREAM_IDLE = 0,       /* nothing to do: waits for bytes or for tlm_stream_submit */
  TLM_STREAM_PROMPT = 1,     /* a prompt token was fed; poll again */
  TLM_STREAM_GENERATING = 2, /* a token was generated; poll again */
  TLM_STREAM_FULL = 3,       /* the output must be read first */
  TLM_STREAM_ENDED = 4       /* see tlm_stream_reason; a write begins the next turn */
} tlm_stream_state;

typedef enum tlm_stream_reason_code {
  TLM_STREAM_NOT_ENDED = 0,
  TLM_STREAM_EOD = 1,      /* the model ended the document */
  TLM_STREAM_LIMIT = 2,    /* max_tokens reached */
  TLM_STREAM_STOP = 3,     /* the stop string appeared; it is not part of the output */
  TLM_STREAM_CANCELLED = 4 /* tlm_stream_cancel */
} tlm_stream_reason_code;

typedef struct tlm_stream_options {
  uint32_t max_tokens; /* of one turn; 0 = no limit */
  const char *stop;    /* UTF-8, copied; NULL or empty for none */
  uint32_t stop_bytes; /* 0 … TLM_STOP_MAX */
  uint8_t continuous;  /* generate without end: eod and the limit do not stop it */
} tlm_stream_options;

/* Fields are private. */
typedef struct tlm_stream {
  tlm_engine *engine;
  tlm_sampler *sampler;
  uint8_t *in;
  uint8_t *out;
  uint32_t in_size, in_start, in_count;
  uint32_t out_size, out_start, out_count;
  tlm_encoder encoder;
  tlm_decoder decoder;
  uint32_t max_tokens;
  uint32_t generated;    /* tokens of this turn */
  uint32_t prompt_count; /* tokens of this turn */
  int32_t pending;       /* a token that was sampled and is not yet fed, or −1 */
  uint8_t stop[TLM_STOP_MAX];
  uint8_t tail[TLM_STOP_MAX]; /* output that may become the stop string */
  uint8_t stop_bytes;
  uint8_t tail_count;
  uint8_t continuous;
  uint8_t submitted;
  uint8_t flush; /* the encoder's last word is to come out */
  uint8_t reason;
  uint8_t ended;
} tlm_stream;

/*
 * in and out are ring buffers of the caller (any size ≥ 1; out ≥ TLM_STREAM_OUTPUT_MIN). options may
 * be NULL. Starts a conversation: resets the engine and feeds eod.
 */
int tlm_stream_init(tlm_stream *stream, tlm_engine *engine, tlm_sampler *sampler, void *in, uint32_t in_bytes,
                    void *out, uint32_t out_bytes, const tlm_stream_options *options);
/* A new conversation with other options; unread output and input are dropped. */
int tlm_stream_start(tlm_stream *stream, const tlm_stream_options *options);
/* Other options from the next token on; conversation, input and output stay. */
int tlm_stream_set(tlm_stream *stream, const tlm_stream_options *options);
/* Adds prompt bytes; returns how many were accepted. At any time, also while text is generated. */
uint32_t tlm_stream_write(tlm_stream *stream, const void *bytes, uint32_t n);
/* The prompt is complete (it may be empty): its last word is encoded and then text is generated. */
int tlm_stream_submit(tlm_stream *stream);
/* Does one bounded piece of work: at most one step and one sample. Returns a tlm_stream_state. */
int tlm_stream_poll(tlm_stream *stream);
/* Takes generated text, whole UTF-8 characters only while more follows; returns bytes (0 … cap, cap ≥ 4). */
uint32_t tlm_stream_read(tlm_stream *stream, void *text, uint32_t cap);
/* Ends the turn: pending input is dropped; text generated so far can still be read. */
void tlm_stream_cancel(tlm_stream *stream);
/* Why the turn ended (tlm_stream_reason_code). */
int tlm_stream_reason(const tlm_stream *stream);
/* Tokens of this turn. */
uint32_t tlm_stream_generated(const tlm_stream *stream);
uint32_t tlm_stream_prompt_tokens(const tlm_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
