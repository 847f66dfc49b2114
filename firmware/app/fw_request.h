/* The members of a request in the form of OpenAI's API: what they mean here, and which are refused by name. */
#ifndef FW_REQUEST_H
#define FW_REQUEST_H

#include "fw_answer.h"

/* Reads the body into h; what is wrong in words (h->param names the member), or NULL. */
const char *fw_request_read(fw_http *h);

#endif
