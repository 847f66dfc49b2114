/* What the device says about itself. */
#ifndef FW_INFO_H
#define FW_INFO_H

#include "fw_state.h"

/* JSON of SPEC.md 6.4, into app->scratch; returns its length. */
uint32_t fw_info(fw_app *app);
/* The object of `model` alone, into t. */
void fw_info_model(const fw_app *app, fw_text *t);
void fw_put_error(fw_text *t, const fw_error *e);
void fw_put_result(const fw_app *app, fw_text *t, const fw_result *r);
const char *fw_reason_text(uint8_t reason);
/* Prometheus text into t. */
void fw_metrics(fw_app *app, fw_text *t);

#endif
