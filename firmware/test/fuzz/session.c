/* Bytes into a session: it survives them, comes to rest, and answers what is asked next. */
#include "machine.h"

static const uint8_t *in;
static uint32_t in_at, in_n, out_n;
static char out[1 << 16];
static int deaf;

static int32_t take(void *u, uint8_t *bytes, uint32_t n) {
  uint32_t i;
  (void)u;
  for (i = 0; i < n && in_at < in_n; i++) bytes[i] = in[in_at++];
  return (int32_t)i;
}
static int32_t give(void *u, const uint8_t *bytes, uint32_t n) {
  (void)u;
  if (deaf) return 0;
  if (n > sizeof out - out_n) out_n = 0;
  memcpy(out + out_n, bytes, n);
  out_n += n;
  return (int32_t)n;
}

static fw_session session;

static int settle(void) {
  uint32_t i;
  for (i = 0; i < 60000u; i++) {
    const int working = fw_app_poll(&app), moved = fw_session_poll(&session);
    if (!session.open || session.restarting) return 1;
    /* Nothing to do; or a text without end, of which enough has come. */
    if (in_at == in_n && session.in_next == session.in_count && !session.pending &&
        ((!working && !moved) || i > 150u)) {
      return 1;
    }
  }
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  const fw_byte_port bytes = {NULL, take, give};
  static uint8_t frame[64];
  uint8_t wanted[16];
  uint8_t ring_bytes[256];
  fw_ring ring;
  uint32_t wanted_n;
  if (n < 1 || n > 6000) return 0;
  machine_start(data[0]);
  fw_session_open(&session, &app, &bytes, data[0] & 1, data[0] >> 1 & 1);
  in = data + 1;
  in_at = 0;
  in_n = (uint32_t)n - 1u;
  out_n = 0;
  deaf = data[0] >> 2 & 1;
  if (deaf) clock_step = 20000;
  if (!settle()) die("it does not come to rest");
  deaf = 0;
  clock_step = 50;
  if (!settle()) die("it does not come to rest after it was deaf");
  if (session.open && !session.restarting) {
    fw_ring_init(&ring, ring_bytes, sizeof ring_bytes);
    fw_frame_put(&ring, FW_MSG_INFO, 77, NULL, 0);
    in_n = fw_ring_take(&ring, frame, sizeof frame);
    in = frame;
    in_at = 0;
    fw_frame_put(&ring, FW_MSG_DONE, 77, NULL, 0);
    wanted_n = fw_ring_take(&ring, wanted, sizeof wanted);
    out_n = 0;
    if (!settle() || !memmem(out, out_n, wanted, wanted_n)) die("the frame after it was not answered");
  }
  if (strlen(kept[0]) > 32 || strchr(kept[2], '\n')) die("a kept text that cannot work");
  fw_session_close(&session);
  if (app.job.kind != FW_JOB_NONE || app.state == FW_MODEL_UPLOAD) die("something of a client that is gone");
  return 0;
}
