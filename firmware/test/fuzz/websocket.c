/* WebSocket framing of the POSIX port, over a pair of sockets: what comes out is never more than what came in. */
#include <sys/socket.h>
#include <unistd.h>

#include "../../ports/posix/host.h"
#include "machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  uint8_t bytes[64], away[2048];
  websocket ws;
  fw_byte_port stream;
  int pair[2];
  uint32_t at = 0, got = 0, rounds;
  if (n < 1 || n > 4000 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return 0;
  websocket_init(&ws, pair[0]);
  stream = websocket_port(&ws);
  for (rounds = 0; rounds < 10000u; rounds++) {
    const uint32_t piece = n - at < 1u + data[0] ? (uint32_t)n - at : 1u + data[0];
    int32_t taken;
    if (piece && send(pair[1], data + at, piece, MSG_DONTWAIT) == (ssize_t)piece) at += piece;
    taken = stream.read(stream.user, bytes, 1u + data[0] % sizeof bytes);
    if (taken < 0) break;
    got += (uint32_t)taken;
    if (taken && stream.write(stream.user, bytes, (uint32_t)taken) < 0) break;
    while (recv(pair[1], away, sizeof away, MSG_DONTWAIT) > 0) {}
    if (!taken && at == n) break;
  }
  if (rounds == 10000u) die("it does not come to rest");
  if (got > n) die("more than what came");
  close(pair[0]);
  close(pair[1]);
  return 0;
}
