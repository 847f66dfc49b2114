#ifndef HOST_H
#define HOST_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of heap that the stand-in for heap_caps still has. */
extern size_t host_heap_free;
/* How often a task was woken. */
extern uint32_t host_notifications;

#endif
