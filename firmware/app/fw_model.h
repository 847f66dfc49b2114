/* The model in flash: opening it, and receiving another. */
#ifndef FW_MODEL_H
#define FW_MODEL_H

#include "fw_state.h"

void fw_model_load(fw_app *app);
fw_error fw_upload_begin(fw_app *app, fw_client *client, uint32_t bytes);
/* The next bytes of the file. */
fw_error fw_upload_data(fw_app *app, fw_client *client, const void *bytes, uint32_t n);
fw_error fw_upload_end(fw_app *app, fw_client *client);
void fw_upload_abort(fw_app *app);
/* The client is gone: its transfer is over. */
void fw_upload_gone(fw_app *app, const fw_client *client);
void fw_upload_poll(fw_app *app);

#endif
