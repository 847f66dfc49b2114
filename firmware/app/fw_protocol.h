/* The numbers of SPEC.md 6. src/device/protocol.ts has the same ones; test/protocol.test.ts compares. */
#ifndef FW_PROTOCOL_H
#define FW_PROTOCOL_H

#define FW_VERSION "0.1.0"
#define FW_PROTOCOL_VERSION 1

#define FW_START 0xF9
#define FW_ESCAPE 0xFA
#define FW_ESCAPE_XOR 0x40

#define FW_PAYLOAD_MAX 1024 /* bytes of a frame's payload */
#define FW_LINE_MAX 1024    /* bytes of a line without its end */
#define FW_INFO_MAX 1400    /* bytes of the JSON of /info */
#define FW_BODY_MAX 4096    /* bytes of an HTTP request's body, models apart */
#define FW_SILENCE_MS 10000 /* how long a client may say or take nothing while others wait for it */
#define FW_SLOW_BYTES 1024  /* bytes of waiting text that a client over a network must take in that time */
#define FW_TURN_MS 30000    /* a text of a client without the token is safe for so long; then it makes way for others */
#define FW_TURN_ENDLESS_MS 1000 /* … one without end for so long, any for so many tokens */
#define FW_TURN_TOKENS 512
#define FW_ENDLESS_MS 60000 /* how long a text without end may run for such a client */
#define FW_HEADER_MAX 2048  /* bytes of an HTTP request's line and headers */
#define FW_REQUEST_MS 5000  /* how long a request may take to come, and its answer to be taken once it is complete */
#define FW_UPLOAD_RATE 4096 /* bytes a second of a model, at least, averaged; over FW_SILENCE_MS */
#define FW_FREE_GUESSES 3   /* wrong tokens without a wait; after them 1 s, 2 s, 4 s … */
#define FW_WAIT_MAX_S 64    /* … and no longer */
#define FW_ALLOW_MAX 128    /* bytes of the setting `allow` */

/* to the device */
#define FW_MSG_INFO 0x01
#define FW_MSG_SETTINGS 0x02
#define FW_MSG_RESET 0x03
#define FW_MSG_PROMPT 0x04
#define FW_MSG_GENERATE 0x05
#define FW_MSG_CANCEL 0x06
#define FW_MSG_BENCH 0x07
#define FW_MSG_UPLOAD_BEGIN 0x08
#define FW_MSG_UPLOAD_DATA 0x09
#define FW_MSG_UPLOAD_END 0x0A
#define FW_MSG_CONFIG 0x0B
#define FW_MSG_AUTH 0x0C
#define FW_MSG_RESTART 0x0D
/* from the device */
#define FW_MSG_DATA 0x81
#define FW_MSG_DONE 0x82
#define FW_MSG_ERROR 0x83

/* Error codes, as their texts go over the line. */
#define FW_ERR_BAD_FRAME "bad-frame"
#define FW_ERR_OVERLONG "overlong"
#define FW_ERR_UNKNOWN "unknown"
#define FW_ERR_BAD_REQUEST "bad-request"
#define FW_ERR_BAD_VALUE "bad-value"
#define FW_ERR_BUSY "busy"
#define FW_ERR_IDLE "idle"
#define FW_ERR_NO_MODEL "no-model"
#define FW_ERR_BAD_MODEL "bad-model"
#define FW_ERR_TOO_LARGE "too-large"
#define FW_ERR_OFFSET "offset"
#define FW_ERR_STORAGE "storage"
#define FW_ERR_FORBIDDEN "forbidden"
#define FW_ERR_UNSUPPORTED "unsupported"
#define FW_ERR_ENGINE "engine"
#define FW_ERR_STALLED "stalled"
#define FW_ERR_TURN "turn"
#define FW_ERR_WAIT "wait"

#endif
