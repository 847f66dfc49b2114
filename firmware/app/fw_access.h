/*
 * Who may do what (SPEC.md 6.6): the token, and whether a request comes from a page of another site. A page that
 * someone looks at can send requests into their own network; Host and Origin are what the browser says about it.
 */
#ifndef FW_ACCESS_H
#define FW_ACCESS_H

#include "fw_config.h"

/* A client that may change the device: on a serial line, or one that has shown today's token. */
int fw_trusted(const fw_app *app, const fw_client *client);
/* The same as an error in words. */
fw_error fw_may_change(const fw_app *app, const fw_client *client);
/*
 * Compares with the device's token and marks the client. Wrong ones are counted and logged; after FW_FREE_GUESSES each
 * makes the device deaf to tokens for longer (`wait`): 1 s, 2 s, 4 s … 64 s. One of them is forgotten a minute.
 */
fw_error fw_authorize(fw_app *app, fw_client *client, const char *token, uint32_t n);
/* Seconds until a token is looked at again, 0: now. */
uint32_t fw_token_wait(const fw_app *app);

typedef enum fw_origin { FW_ORIGIN_OWN, FW_ORIGIN_ALLOWED, FW_ORIGIN_FOREIGN } fw_origin;

/*
 * host, origin: the request's headers, NULL without. OWN: no browser's page, or one of this device's. ALLOWED: a page
 * whose origin is in the setting `allow`: the answer must name it (CORS). FOREIGN: to be refused.
 */
fw_origin fw_origin_of(const fw_app *app, const char *host, const char *origin);

#endif
