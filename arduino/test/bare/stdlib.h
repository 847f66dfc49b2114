/* For machines without a libc; core.cpp has both. */
#pragma once
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
void *malloc(size_t n);
void free(void *p);
#ifdef __cplusplus
}
#endif
