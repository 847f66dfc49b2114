/* Rows over both cores, matrices into SRAM. */
#ifndef SPEED_H
#define SPEED_H

#include "shared.h"

void speed_model_opened(void *user, tlm_model *model, tlm_engine *engine);
void speed_model_closing(void *user);
uint32_t speed_sram_bytes(void);
uint32_t speed_cores(void);

#endif
