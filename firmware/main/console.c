/*
 * The line protocol over UART0 and, where the chip has it, over USB-Serial-JTAG. The drivers are used directly;
 * ESP-IDF's own output (errors and warnings) goes past them: so it waits 50 ms at most for a host that is not there.
 */
#include "console.h"

#include "driver/uart.h"
#include "fw_session.h"
#include "soc/soc_caps.h"
#if SOC_USB_SERIAL_JTAG_SUPPORTED
#include "driver/usb_serial_jtag.h"
#endif

#define RX_BYTES 4096
#define TX_BYTES 1024

static fw_session uart_session;

static int32_t uart_take(void *user, uint8_t *bytes, uint32_t n) {
  const int got = uart_read_bytes(UART_NUM_0, bytes, n, 0);
  (void)user;
  return got > 0 ? got : 0;
}

static int32_t uart_give(void *user, const uint8_t *bytes, uint32_t n) {
  size_t room = 0;
  int sent;
  (void)user;
  /*
   * uart_write_bytes waits for room, so it is given no more than there is. In v5.4 and v5.5 that figure leaves out what
   * waits behind the piece being sent: the call may then wait for the line, at most TX_BYTES long (90 ms at 115200).
   */
  if (uart_get_tx_buffer_free_size(UART_NUM_0, &room) != ESP_OK || !room) return 0;
  if (n > room) n = (uint32_t)room;
  sent = uart_write_bytes(UART_NUM_0, bytes, n);
  return sent > 0 ? sent : 0;
}

#if SOC_USB_SERIAL_JTAG_SUPPORTED
static fw_session usb_session;

static int32_t usb_take(void *user, uint8_t *bytes, uint32_t n) {
  const int got = usb_serial_jtag_read_bytes(bytes, n, 0);
  (void)user;
  return got > 0 ? got : 0;
}

static int32_t usb_give(void *user, const uint8_t *bytes, uint32_t n) {
  int sent;
  (void)user;
  /* Its buffer takes a piece whole or not at all, and keeps it while no host listens. */
  if (n > 64u) n = 64u;
  sent = usb_serial_jtag_write_bytes(bytes, n, 0);
  return sent > 0 ? sent : 0;
}
#endif

void console_init(void) {
  const uart_config_t config = {
    .baud_rate = CONFIG_TINYLM_UART_BAUD,
    .data_bits = UART_DATA_8_BITS,
    .parity = UART_PARITY_DISABLE,
    .stop_bits = UART_STOP_BITS_1,
    .flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
  };
  const fw_byte_port uart = {NULL, uart_take, uart_give};
  /* The pins stay as the ROM and the bootloader have them. */
  ESP_ERROR_CHECK(uart_driver_install(UART_NUM_0, RX_BYTES, TX_BYTES, 0, NULL, 0));
  ESP_ERROR_CHECK(uart_param_config(UART_NUM_0, &config));
  fw_session_open(&uart_session, &app, &uart, 0, 1);
#if SOC_USB_SERIAL_JTAG_SUPPORTED
  {
    usb_serial_jtag_driver_config_t usb_config = {.tx_buffer_size = TX_BYTES, .rx_buffer_size = RX_BYTES};
    const fw_byte_port usb = {NULL, usb_take, usb_give};
    ESP_ERROR_CHECK(usb_serial_jtag_driver_install(&usb_config));
    fw_session_open(&usb_session, &app, &usb, 0, 1);
  }
#endif
}

int console_poll(void) {
  int moved = fw_session_poll(&uart_session);
#if SOC_USB_SERIAL_JTAG_SUPPORTED
  moved |= fw_session_poll(&usb_session);
#endif
  return moved;
}
