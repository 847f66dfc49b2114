/* OpenAI's API: completions of texts and of chats, and the list of models, which has one. */
#ifndef FW_OPENAI_H
#define FW_OPENAI_H

#include "fw_answer.h"

/* The body is complete; chat: of /v1/chat/completions. */
void fw_openai_completion(fw_http *h, int chat);
/* Gives the stream more of the prompt, and ends a text at its stop. */
void fw_openai_poll(fw_http *h);
void fw_openai_models(fw_http *h);
void fw_openai_model(fw_http *h, const char *id, uint32_t n);

#endif
