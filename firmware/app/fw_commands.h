/* Lines: prompts, and commands that begin with a slash (SPEC.md 6.2). */
#ifndef FW_COMMANDS_H
#define FW_COMMANDS_H

#include "fw_say.h"

void fw_session_line(fw_session *s, char *line, uint32_t n);

#endif
