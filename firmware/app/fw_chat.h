/*
 * Chat messages as a prompt. A model says in its metadata how it was trained on turns:
 *
 *   "chat": {"system": "", "user": "User: ", "assistant": "Assistant: ", "end": "\n"}
 *
 * what stands before the messages of each role, and after each message; parts of at most 24 bytes, missing ones empty.
 * A model without it is a story model: the last message is the beginning of the text.
 */
#ifndef FW_CHAT_H
#define FW_CHAT_H

#include "fw_answer.h"

/* Reads `messages` of the request, which is valid JSON and is changed; what is wrong in words (h->param says where), or NULL. */
const char *fw_chat_read(fw_http *h, const fw_json_value *messages);
/* Adds the beginning of the next turn to what ends the text, after the client's own stops. */
void fw_chat_stop(fw_http *h);
/* The next piece of the prompt into h->piece; 0 when there is no more. */
int fw_chat_next(fw_http *h);

#endif
