/* SPDX-License-Identifier: MIT */
/* A locked store's question to systemd's password agents: posed, answered,
 * taken back; never looks at a password itself. */
#include "ask.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../host/tries.h"
#include "../../pv-drivers/base/paths.h"
#include "daemon.h"
#include "life.h"
#include "question.h"
#include "user.h"

/* systemd's; it makes the folder at boot.  Agents look for "ask.*". */
#define FOLDER HD_ASK_DIR
#define MINE   HD_ASK_NAME

struct hd_ask {
    struct hd_store *store;
    uv_poll_t poll;   /* of `fd` */
    uv_timer_t timer; /* until it may be posed, then until it is over */
    int fd;           /* -1: not posed yet */
    unsigned handles; /* that are not closed */
    bool again;
};

struct paths {
    char file[128], socket[108], temporary[128];
};

static struct paths paths_of(const struct hd_store *store)
{
    struct paths p;
    char id[HD_UUID_SIZE];

    hd_uuid_format(&store->id, id);
    snprintf(p.file, sizeof(p.file), FOLDER "/ask." MINE "%s", id);
    snprintf(p.socket, sizeof(p.socket), FOLDER "/sck." MINE "%s", id);
    snprintf(p.temporary, sizeof(p.temporary), FOLDER "/." MINE "%s", id);
    return p;
}

static void on_closed(uv_handle_t *handle)
{
    struct hd_ask *ask = handle->data;

    if (!--ask->handles)
        free(ask);
}

void hd_ask_end(struct hd_store *store)
{
    struct hd_ask *ask = hd_steal(&store->question);
    struct paths p;

    if (!ask)
        return;
    uv_close((uv_handle_t *)&ask->timer, on_closed);
    if (ask->fd < 0)
        return;
    p = paths_of(store);
    unlink(p.file);
    unlink(p.socket);
    uv_close((uv_handle_t *)&ask->poll, on_closed);
    close(ask->fd);
}

/* ---- answered */

static void begin(struct hd_store *store, bool again);

static void on_answer(uv_poll_t *poll, int status, int events)
{
    struct hd_ask *ask = poll->data;
    struct hd_store *store = ask->store;
    hd_auto(hd_secret) password = NULL;
    struct hd_err err = {0};
    enum hd_answer_kind kind = hd_question_answer(ask->fd, &password);

    (void)status;
    (void)events;
    /* Somebody else is at it: the question stays until that has come out. */
    if (kind == HD_ANSWERED_NOTHING || store->waiter || hd_keys_busy(store))
        return;
    hd_ask_end(store);
    if (kind == HD_ANSWERED_NO || !hd_start_unlock(store, NULL, password, &err))
        return;
    hd_log(HD_LOG_WARNING, "%s stays locked: %s", store->label, err.msg);
    hd_life_note(store, NULL, hd_err_reason(err.code), err.msg);
    begin(store, false);
}

/* ---- posed */

/* Root alone can send to it. */
static int open_socket(const char *path, struct hd_err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    hd_autofd int fd =
        socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)))
        return hd_fail_errno(err, HD_E_FAILED, "cannot make a socket");
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    unlink(path);
    /* The name gets the rights that the socket has. */
    if (fchmod(fd, 0600) || bind(fd, (struct sockaddr *)&at, sizeof(at)))
        return hd_fail_errno(err, HD_E_FAILED, "cannot make %s", path);
    return hd_steal_fd(&fd);
}

static int write_file(const struct hd_ask *ask, const struct paths *p,
                      uint64_t ms, struct hd_err *err)
{
    struct hd_user_choice who;
    char id[HD_UUID_SIZE], text[HD_QUESTION_SIZE];
    struct hd_question q = {.socket = p->socket,
                            .id = id,
                            .store = ask->store->label,
                            .again = ask->again,
                            .not_after_us = 1000 * (hd_io_now_ms() + ms)};

    if (hd_user_choose(ask->store->answer, NULL, &who, err))
        return -1;
    q.user = who.name;
    hd_uuid_format(&ask->store->id, id);
    hd_question_format(&q, text);
    if (hd_io_write_file(p->temporary, text, strlen(text), 0644, err))
        return -1;
    if (rename(p->temporary, p->file)) {
        unlink(p->temporary);
        return hd_fail_errno(err, HD_E_IO, "cannot make %s", p->file);
    }
    return 0;
}

static void on_time(uv_timer_t *timer);

static int pose(struct hd_ask *ask, struct hd_err *err)
{
    struct paths p = paths_of(ask->store);
    const struct hd_policy *policy =
        hd_rules_policy(&ask->store->daemon->rules, err);
    hd_autofd int fd = -1;

    if (!policy || !policy->ask_password)
        return policy ? hd_fail(err, HD_E_DENIED, "the policy says so") : -1;
    if (mkdir(FOLDER, 0755) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_FAILED, "cannot make " FOLDER);
    fd = open_socket(p.socket, err);
    if (fd < 0 || write_file(ask, &p, policy->ask_password, err)) {
        unlink(p.socket);
        return -1;
    }
    ask->fd = hd_steal_fd(&fd);
    ask->handles++;
    uv_poll_init(ask->timer.loop, &ask->poll, ask->fd);
    ask->poll.data = ask;
    uv_poll_start(&ask->poll, UV_READABLE, on_answer);
    uv_timer_start(&ask->timer, on_time, policy->ask_password, 0);
    return 0;
}

static void pose_or_say(struct hd_store *store)
{
    struct hd_err err = {0};

    if (!pose(store->question, &err))
        return;
    hd_log(err.code == HD_E_DENIED ? HD_LOG_DEBUG : HD_LOG_WARNING,
           "no password agent is asked for %s: %s", store->label, err.msg);
    hd_ask_end(store);
}

/* It may be posed now, or nobody has answered. */
static void on_time(uv_timer_t *timer)
{
    struct hd_ask *ask = timer->data;

    if (ask->fd < 0)
        pose_or_say(ask->store);
    else
        hd_ask_end(ask->store);
}

/* Agents have no place for a user's name: there must be one to choose. */
static void begin(struct hd_store *store, bool again)
{
    struct hd_user_choice who;
    struct hd_ask *ask;
    uint64_t wait_ms;

    if (hd_user_choose(store->answer, NULL, &who, NULL) ||
        hd_tries_wait(HD_TRIES_DIR, &store->id, &wait_ms, NULL))
        return;
    ask = calloc(1, sizeof(*ask));
    if (!ask)
        return;
    ask->store = store;
    ask->fd = -1;
    ask->again = again;
    ask->handles = 1;
    uv_timer_init(store->daemon->loop, &ask->timer);
    ask->timer.data = ask;
    store->question = ask;
    if (wait_ms)
        uv_timer_start(&ask->timer, on_time, wait_ms, 0);
    else
        pose_or_say(store);
}

void hd_ask_look(struct hd_store *store, const char *reason)
{
    if (store->state != HD_STATE_LOCKED || store->daemon->stopping)
        hd_ask_end(store);
    else if (!store->question)
        begin(store,
              reason && !strcmp(reason, hd_err_reason(HD_E_WRONG_PASSWORD)));
}

void hd_ask_sweep(void)
{
    static const char *const kinds[] = {"ask." MINE, "sck." MINE, "." MINE};
    DIR *d = opendir(FOLDER);
    struct dirent *e;

    while (d && (e = readdir(d)))
        for (size_t i = 0; i < HD_ARRAY_LEN(kinds); i++)
            if (!strncmp(e->d_name, kinds[i], strlen(kinds[i])))
                unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
}
