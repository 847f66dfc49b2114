#ifndef HOST_H
#define HOST_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of heap that the stand-in for heap_caps still has. */
extern size_t host_heap_free;
/* How often a task was woken. */
extern uint32_t host_notifications;
/* Runs code as a task, which may wait for notifications, in the calling thread. */
void host_run_as_task(void (*code)(void));

#endif
