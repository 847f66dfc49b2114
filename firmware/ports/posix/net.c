/* Streams of bytes over descriptors: stdio, a pseudo-terminal, TCP. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "host.h"

/* Descriptors stay as they are (a shell may share them): this asks before each call whether it would wait. */
static int ready(int fd, short events) {
  struct pollfd p = {fd, events, 0};
  return poll(&p, 1, 0) > 0 && (p.revents & (events | POLLHUP | POLLERR));
}

static int32_t line_read(void *user, uint8_t *bytes, uint32_t n) {
  line *l = user;
  ssize_t got;
  if (l->ended || !ready(l->in, POLLIN)) return 0;
  got = read(l->in, bytes, n);
  if (got > 0) return (int32_t)got;
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (l->pty) return 0; /* nobody has the terminal open */
  if (l->in != l->out && got == 0) {
    l->ended = 1; /* a pipe's end: what it said is still to be answered */
    return 0;
  }
  return -1;
}

static int32_t line_write(void *user, const uint8_t *bytes, uint32_t n) {
  line *l = user;
  ssize_t put;
  if (!ready(l->out, POLLOUT)) return 0;
  put = write(l->out, bytes, n > 512u ? 512u : n);
  if (put >= 0) return (int32_t)put;
  return errno == EAGAIN || errno == EINTR || l->pty ? 0 : -1;
}

fw_byte_port line_port(line *l) {
  fw_byte_port p;
  p.user = l;
  p.read = line_read;
  p.write = line_write;
  return p;
}

int line_open_pty(line *l) {
  struct termios raw;
  const int fd = posix_openpt(O_RDWR | O_NOCTTY);
  if (fd < 0 || grantpt(fd) || unlockpt(fd) || tcgetattr(fd, &raw)) return -1;
  cfmakeraw(&raw);
  if (tcsetattr(fd, TCSANOW, &raw)) return -1;
  l->in = l->out = fd;
  l->pty = 1;
  l->ended = 0;
  fprintf(stderr, "pty %s\n", ptsname(fd));
  return 0;
}

int listen_on(uint16_t port, const char *name) {
  struct sockaddr_in a;
  socklen_t n = sizeof a;
  const int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 8) || getsockname(fd, (struct sockaddr *)&a, &n)) {
    close(fd);
    return -1;
  }
  fprintf(stderr, "%s 127.0.0.1:%u\n", name, (unsigned)ntohs(a.sin_port));
  return fd;
}

int accept_client(int listener) {
  const int on = 1, little = 4096, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little); /* as on a chip: what nobody reads is noticed */
  }
  return fd;
}
