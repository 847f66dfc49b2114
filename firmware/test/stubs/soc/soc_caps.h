#pragma once
#include "sdkconfig.h"
#if CONFIG_IDF_TARGET_ESP32S3 || CONFIG_IDF_TARGET_ESP32C3
#define SOC_USB_SERIAL_JTAG_SUPPORTED 1
#endif
