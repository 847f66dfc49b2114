/* A conversation over one stream of bytes: lines and frames in, text and frames out (SPEC.md 6.1–6.3). */
#ifndef FW_SESSION_H
#define FW_SESSION_H

#include "fw_app.h"
#include "fw_say.h"

/*
 * Begins. network: its client must show the token before it changes the device. echo: shows what is typed, greets, and
 * ends lines with CR LF, as a bare terminal needs it.
 */
void fw_session_open(fw_session *s, fw_app *app, const fw_byte_port *port, int network, int echo);
/* Reads, answers, writes; a bounded piece of it. Returns 1 when something moved, 0 when there was nothing to do. */
int fw_session_poll(fw_session *s);
/* The client is gone; the session can be opened again. */
void fw_session_close(fw_session *s);
/*
 * Seconds since a client without the right to change the device has said anything, for a port whose places are all
 * taken: 0 for one that has the right, or whose text is being made.
 */
uint32_t fw_session_idle(const fw_session *s);

#endif
