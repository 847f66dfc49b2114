/* The HTTP server. */
#ifndef WEB_H
#define WEB_H

#include "shared.h"

void web_start(void);

#endif
