/* Frames: requests of programs and their answers (SPEC.md 6.3). */
#ifndef FW_MESSAGES_H
#define FW_MESSAGES_H

#include "fw_say.h"

void fw_session_frame(fw_session *s, uint8_t *content, uint32_t n);

#endif
