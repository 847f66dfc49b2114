/* The device's application as a program: serial over stdio, a pseudo-terminal or TCP, and HTTP. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

#define CLIENTS 4
/* Seconds after which a client without the token, that says nothing, makes room for a new one. */
#define IDLE_S 10u

static volatile sig_atomic_t stopping;

static void on_signal(int number) {
  (void)number;
  stopping = 1;
}

typedef struct client {
  fw_session session;
  line l;
} client;

static int usage(void) {
  fputs(
      "usage: tinylm-device [--model FILE] [--stdio] [--pty] [--tcp PORT] [--http PORT]\n"
      "                     [--token TOKEN] [--name NAME] [--allow ORIGINS] [--flash BYTES] [--memory BYTES] [--echo]\n"
      "                     [--delay MICROSECONDS]   waits after each token, to be as slow as a chip\n"
      "                     [--clock-rate N]         the clock runs N times as fast, for tests of time limits\n"
      "Ports: 0 takes any free one; where it listens is printed.\n",
      stderr);
  return 2;
}

/* Whether all that came over a pipe has been answered. */
static int answered(const client *c, const fw_app *app) {
  return c->l.ended && c->session.in_next == c->session.in_count && !c->session.pending && !c->session.out.count &&
         app->job.owner != &c->session.client;
}

static int welcome(client *c, fw_app *app, int fd) {
  fw_byte_port p;
  if (fd < 0) return 0;
  c->l.in = c->l.out = fd;
  c->l.ended = 0;
  p = line_port(&c->l);
  fw_session_open(&c->session, app, &p, 1, 0);
  return 1;
}

/* All places are taken: who has said nothing for longest goes, or the new one is told. */
static int make_room(client *tcp, fw_app *app, int listener) {
  static const char full[] = "[error busy: as many clients as there is room for are connected]\n";
  uint32_t most = IDLE_S;
  client *found = NULL;
  int i, fd;
  for (i = 0; i < CLIENTS; i++) {
    const uint32_t idle = fw_session_idle(&tcp[i].session);
    if (!tcp[i].session.open) return 0;
    if (idle < most) continue;
    most = idle;
    found = &tcp[i];
  }
  fd = accept_client(listener);
  if (fd < 0) return 0;
  if (!found) {
    if (write(fd, full, sizeof full - 1u) < 0) { /* it has gone already */
    }
    close(fd);
    return 1;
  }
  fw_session_close(&found->session);
  close(found->l.in);
  return welcome(found, app, fd);
}

int main(int argc, char **argv) {
  static fw_app app;
  static client serial, tcp[CLIENTS];
  static host machine;
  fw_port port;
  web *http = NULL;
  const char *model = NULL, *token = NULL, *allow = NULL, *name = "tinylm";
  uint32_t memory_bytes = 65536, delay = 0;
  int stdio = 0, pty = 0, echo = 0, tcp_port = -1, http_port = -1, listener = -1, i;
  void *memory;
  machine.flash_bytes = 1u << 20;
  machine.clock_rate = 1;
  for (i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (!strcmp(argv[i], "--stdio")) stdio = 1;
    else if (!strcmp(argv[i], "--pty")) pty = 1;
    else if (!strcmp(argv[i], "--echo")) echo = 1;
    else if (++i >= argc) return usage();
    else if (!strcmp(argv[i - 1], "--model")) model = value;
    else if (!strcmp(argv[i - 1], "--token")) token = value;
    else if (!strcmp(argv[i - 1], "--name")) name = value;
    else if (!strcmp(argv[i - 1], "--allow")) allow = value;
    else if (!strcmp(argv[i - 1], "--tcp")) tcp_port = atoi(value);
    else if (!strcmp(argv[i - 1], "--http")) http_port = atoi(value);
    else if (!strcmp(argv[i - 1], "--flash")) machine.flash_bytes = (uint32_t)strtoul(value, NULL, 0);
    else if (!strcmp(argv[i - 1], "--memory")) memory_bytes = (uint32_t)strtoul(value, NULL, 0);
    else if (!strcmp(argv[i - 1], "--delay")) delay = (uint32_t)strtoul(value, NULL, 0);
    else if (!strcmp(argv[i - 1], "--clock-rate")) machine.clock_rate = (uint32_t)strtoul(value, NULL, 0);
    else return usage();
  }
  if ((!stdio && !pty && tcp_port < 0 && http_port < 0) || (stdio && pty)) return usage();
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  machine.flash = malloc(machine.flash_bytes);
  memory = malloc(memory_bytes);
  if (!machine.flash || !memory) return 1;
  memset(machine.flash, 0xFF, machine.flash_bytes);
  if (model && host_load(&machine, model)) {
    fprintf(stderr, "%s cannot be read, or is larger than --flash\n", model);
    return 1;
  }
  host_port(&machine, &port);
  if (token) port.config_set(&machine, "token", token);
  if (allow) port.config_set(&machine, "allow", allow);
  port.config_set(&machine, "name", name);
  serial.l.in = 0;
  serial.l.out = 1;
  if (pty && line_open_pty(&serial.l)) return 1;
  if (tcp_port >= 0 && (listener = listen_on((uint16_t)tcp_port, "tcp")) < 0) return 1;
  fw_app_init(&app, &port, memory, memory_bytes);
  if (http_port >= 0 && !(http = web_start(&app, (uint16_t)http_port))) return 1;
  if (stdio || pty) {
    const fw_byte_port p = line_port(&serial.l);
    fw_session_open(&serial.session, &app, &p, 0, echo);
  }
  while (!stopping) {
    int fds[CLIENTS + 4], count = 0, moved = 0;
    const int working = fw_app_poll(&app);
    if (stdio || pty) {
      moved |= fw_session_poll(&serial.session);
      fds[count++] = serial.l.ended ? -1 : serial.l.in;
      if (!pty && (answered(&serial, &app) || !serial.session.open)) break;
    }
    for (i = 0; i < CLIENTS; i++) {
      client *c = &tcp[i];
      if (c->session.open) {
        moved |= fw_session_poll(&c->session);
        if (!c->session.open) close(c->l.in);
        else fds[count++] = c->l.in;
      } else if (listener >= 0) {
        moved |= welcome(c, &app, accept_client(listener));
      }
    }
    if (listener >= 0) moved |= make_room(tcp, &app, listener);
    if (http) moved |= web_poll(http);
    if (machine.restart) break;
    if (working && delay) {
      const struct timespec t = {delay / 1000000u, (long)(delay % 1000000u) * 1000};
      nanosleep(&t, NULL);
    }
    if (working || moved) continue;
    fds[count++] = listener;
    if (http) fds[count++] = web_fd(http);
    host_wait(fds, count, 5);
  }
  if (http) web_stop(http);
  free(memory);
  free(machine.flash);
  return 0;
}
