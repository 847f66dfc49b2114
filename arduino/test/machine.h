/* What a machine gives core.cpp: bytes in, bytes out, a clock, an end. */
#ifndef MACHINE_H
#define MACHINE_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
/* A byte of the scripted input, or -1 when none is there now. The input ends with END. */
int machine_take(void);
void machine_put(uint8_t byte);
uint32_t machine_micros(void);
void machine_exit(int code);
int main(void);
#ifdef __cplusplus
}
#endif
#define END 0x04 /* Ctrl-D, the last byte of a script */
#endif
