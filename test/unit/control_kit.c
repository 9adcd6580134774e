/* SPDX-License-Identifier: MIT */
/* Serves a control socket and dials it. */
#include "control_kit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"

struct hd_daemon kit_control;
static char path[64];

static void remove_socket(void)
{
    unlink(path);
}

static void serve(void)
{
    struct hd_err err = {0};

    if (kit_control.loop)
        return;
    signal(SIGPIPE, SIG_IGN); /* as hotdomd does */
    kit_control.loop = uv_default_loop();
    kit_control.events = hd_events_new();
    snprintf(path, sizeof(path), "/tmp/hd-unit-control-%d", (int)getpid());
    atexit(remove_socket);
    CHECK_OK(hd_control_open(&kit_control, path, &kit_control.control, &err),
             &err);
}

int kit_control_dial(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    serve();
    strcpy(to.sun_path, path);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

void kit_control_turn(int times)
{
    for (int i = 0; i < times; i++)
        uv_run(kit_control.loop, UV_RUN_NOWAIT);
}

const char *kit_control_ask(int fd, const void *bytes, size_t len)
{
    static char reply[1 << 16];
    size_t sent = 0;
    ssize_t n;

    while (sent < len) {
        n = send(fd, (const char *)bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            break;
        sent += n > 0 ? (size_t)n : 0;
        kit_control_turn(3);
    }
    kit_control_turn(5);
    n = recv(fd, reply, sizeof(reply) - 1, 0);
    if (n < 0)
        return "(nothing)";
    reply[n] = '\0';
    return reply;
}
