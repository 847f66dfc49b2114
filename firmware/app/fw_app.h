/*
 * The application, put together of its parts. Nothing here allocates, waits, or knows the machine (see fw_port.h). Not
 * reentrant: a port with threads calls it under one lock.
 */
#ifndef FW_APP_H
#define FW_APP_H

#include "fw_access.h"
#include "fw_job.h"
#include "fw_model.h"

/*
 * memory (aligned to 4) is the engine's: its state, tables and work area; how large it must be depends on the models
 * (tlm_memory_bytes). Opens the model in flash; a missing or bad one is no error here: see app->state.
 */
void fw_app_init(fw_app *app, const fw_port *port, void *memory, uint32_t bytes);

/* Does a bounded piece of the job: at most one token. Returns 1 while there is more to do at once, else 0. */
int fw_app_poll(fw_app *app);

/* The client is gone: ends all that is its. ended() is not called. */
void fw_client_gone(fw_app *app, fw_client *client);

#endif
