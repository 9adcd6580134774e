/* SPDX-License-Identifier: MIT */
/* Starts hotdom-9p and gives it tables; never looks at a file that it serves.
 */
#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/server.h"
#include "../../pv-drivers/bus/xs.h"
#include "../../pv-drivers/fs9p/control.h"
#include "../domain/table_nodes.h"

void hd_files_path(const char *name, char ret[HD_SERVER_SIZE])
{
    snprintf(ret, HD_SERVER_SIZE, HD_SERVER_DIR "/%.70s", name);
}

int hd_files_serve(const struct hd_plan_view *view, uint32_t domid,
                   struct hd_err *err)
{
    hd_autofree char *tables = strdup(view->tables);
    char name[HD_DOMAIN_NAME_SIZE], shown[HD_SHOWN_TEXT], number[12];
    char *argv[] = {HD_9P, number, name, tables, shown, NULL};
    pid_t pid;

    if (!tables)
        return hd_fail_errno(err, HD_E_FAILED, "serve files");
    snprintf(name, sizeof(name), "%s", view->name);
    snprintf(shown, sizeof(shown), "%s", view->shown);
    snprintf(number, sizeof(number), "%u", domid);
    if (hd_server_start(argv, &pid, err))
        return -1;
    hd_server_stand_back(pid);
    return 0;
}

int hd_files_check_served(const char *name, struct hd_err *err)
{
    char path[HD_SERVER_SIZE];

    hd_files_path(name, path);
    return hd_server_runs(path)
               ? 0
               : hd_fail(err, HD_E_FAILED,
                         "hotdom-9p, which serves the host view of %s, has "
                         "died; start the guest again",
                         name);
}

/* The caller's; HD_E_NO_GUEST when no process serves it. */
static int dial(const char *name, int *ret_fd, struct hd_err *err)
{
    const struct timeval limit = {.tv_sec = HD_FILES_ANSWER_MS / 1000};
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    hd_autofd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    char path[HD_SERVER_SIZE];

    hd_files_path(name, path);
    snprintf(at.sun_path, sizeof(at.sun_path), "%.98s" HD_SERVER_CONTROL, path);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
        return hd_fail_errno(err, HD_E_FAILED, "ask for the host view");
    if (connect(fd, (struct sockaddr *)&at, sizeof(at)))
        return hd_fail_errno(err, HD_E_NO_GUEST,
                             "no process serves a host view of %s; one does "
                             "when the guest is started the next time",
                             name);
    *ret_fd = hd_steal_fd(&fd);
    return 0;
}

int hd_files_follow(const char *name, int *ret_fd, struct hd_err *err)
{
    static const char message[] = {HD_9P_LOG};
    hd_autofd int fd = -1;

    if (dial(name, &fd, err))
        return -1;
    if (send(fd, message, sizeof(message), MSG_NOSIGNAL) != sizeof(message))
        return hd_fail_errno(err, HD_E_FAILED, "follow the host view of %s",
                             name);
    *ret_fd = hd_steal_fd(&fd);
    return 0;
}

/* Whoever answers has heard a guest: its words are told to nobody. */
static int read_reply(int fd, const char *name, struct hd_err *err)
{
    char reply[sizeof(HD_9P_DONE)];
    ssize_t n = recv(fd, reply, sizeof(reply), 0);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
        return hd_fail(err, HD_E_FAILED,
                       "the process that serves the host view of %s hears "
                       "nobody more; end a `hotdom table ... log`",
                       name);
    if (n < 0)
        return hd_fail(err, HD_E_TIMEOUT,
                       "%s has its tables as soon as the host's file systems "
                       "let its host view go on",
                       name);
    if (n != strlen(HD_9P_DONE) || memcmp(reply, HD_9P_DONE, (size_t)n))
        return hd_fail(err, HD_E_FAILED,
                       "the process that serves the host view of %s refuses "
                       "its tables",
                       name);
    return 0;
}

#define MESSAGE_MAX (1 + HD_VIEW_TEXT + HD_SHOWN_TEXT)
_Static_assert(MESSAGE_MAX <= HD_9P_CONTROL_MAX,
               "tables and what is shown are one message");

int hd_files_change(const struct hd_plan_view *view, struct hd_err *err)
{
    hd_autofree char *message = malloc(MESSAGE_MAX);
    hd_autofd int fd = -1;
    int n;

    if (!message)
        return hd_fail_errno(err, HD_E_FAILED, "change the tables of %s",
                             view->name);
    n = snprintf(message, MESSAGE_MAX, "%c%s%c%s", HD_9P_TABLES, view->tables,
                 '\0', view->shown);
    if (dial(view->name, &fd, err))
        return -1;
    if (send(fd, message, (size_t)n, MSG_NOSIGNAL) != n)
        return hd_fail_errno(err, HD_E_FAILED, "change the tables of %s",
                             view->name);
    return read_reply(fd, view->name, err);
}

int hd_files_tell(const struct hd_plan_view *view, uint32_t domid,
                  struct hd_err *err)
{
    hd_auto(hd_xs) xs = NULL;
    char folder[64];

    snprintf(folder, sizeof(folder), "/local/domain/%u/data/hotdom", domid);
    return hd_xs_open(&xs, err) ||
                   hd_table_nodes_change(xs, folder, view->tables, err)
               ? -1
               : 0;
}
