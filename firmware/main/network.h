/* Wi-Fi as a station, and the name in the local network. */
#ifndef NETWORK_H
#define NETWORK_H

#include "shared.h"

void network_start(void);

#endif
