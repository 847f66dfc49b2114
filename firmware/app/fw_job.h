/* The one job: a prompt being given, a text being generated, or a bench. */
#ifndef FW_JOB_H
#define FW_JOB_H

#include "fw_state.h"

/*
 * Begins a prompt, or goes on with one. fresh: a new conversation. Who has the job keeps it, but for a client without
 * the right to change the device (fw_access.h): it makes way for one that has the right at once, for anybody when it
 * takes its text too slowly or has had its turn (FW_TURN_MS, FW_TURN_ENDLESS_MS, FW_TURN_TOKENS).
 */
fw_error fw_job_open(fw_app *app, fw_client *client, const fw_settings *settings, int fresh);
/* Whether the prompt or text under way is the client's. */
int fw_job_is(const fw_app *app, const fw_client *client);
/* Adds to the client's prompt; returns the bytes taken, fewer than n when the rest must wait. 0 when it lost the job. */
uint32_t fw_job_write(fw_app *app, const fw_client *client, const void *bytes, uint32_t n);
/* The prompt is complete. reseed: the generator begins with the settings' seed although the conversation goes on. */
fw_error fw_job_generate(fw_app *app, fw_client *client, const fw_settings *settings, int reseed);
fw_error fw_job_bench(fw_app *app, fw_client *client, uint32_t tokens);
/* Ends the client's job (the client is told by ended()); 0 when it has none. */
int fw_job_cancel(fw_app *app, fw_client *client);
/* Ends whatever job there is when its owner must make way for this client; 0 when it need not. */
int fw_job_make_way(fw_app *app, const fw_client *client);
fw_error fw_reset(fw_app *app, fw_client *client);
/* The client is gone. ended() is not called. */
void fw_job_gone(fw_app *app, fw_client *client);
int fw_job_poll(fw_app *app);

#endif
