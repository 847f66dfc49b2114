/* What the tasks of this port share: the application and the lock under which they call it. Below all others. */
#ifndef SHARED_H
#define SHARED_H

#include <stdbool.h>

#include "fw_app.h"
#include "sdkconfig.h"

extern fw_app app;

/* Before anything else here. */
void shared_init(void);
/*
 * The application is not reentrant: the generation task and the tasks of the HTTP server call it under this lock, which
 * the generation task lets go after each token.
 */
void app_lock(void);
void app_unlock(void);
/* In the generation task, after it has let the lock go: waits a moment for who waits for it. */
void let_others_in(void);

/* The task that generates, for info's stack figure. */
void generation_is_this_task(void);
uint32_t generation_stack_free(void);

#endif
