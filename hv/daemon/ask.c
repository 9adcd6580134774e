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

/* One user's; agents have no place for a name but in the message. */
struct question {
    struct hd_ask *ask;
    uv_poll_t poll; /* of `fd` */
    int fd;         /* -1: not posed, or over */
    size_t number;
    char user[HD_NAME_SIZE];
};

struct hd_ask {
    struct hd_store *store;
    uv_timer_t timer; /* until they may be posed, then until they are over */
    unsigned handles; /* that are not closed */
    bool posed;
    char wrong[HD_NAME_SIZE]; /* whose answer was; or empty */
    size_t n;
    struct question of[HD_ASK_USERS];
};

struct paths {
    char file[128], socket[108], temporary[128];
};

static struct paths paths_of(const struct question *q)
{
    struct paths p;
    char id[HD_UUID_SIZE];

    hd_uuid_format(&q->ask->store->id, id);
    snprintf(p.file, sizeof(p.file), FOLDER "/ask." MINE "%s-%zu", id,
             q->number);
    snprintf(p.socket, sizeof(p.socket), FOLDER "/sck." MINE "%s-%zu", id,
             q->number);
    snprintf(p.temporary, sizeof(p.temporary), FOLDER "/." MINE "%s-%zu", id,
             q->number);
    return p;
}

static void let_go(struct hd_ask *ask)
{
    if (!--ask->handles)
        free(ask);
}

static void on_poll_closed(uv_handle_t *handle)
{
    let_go(((struct question *)handle->data)->ask);
}

static void on_timer_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

static void end_one(struct question *q)
{
    struct paths p;

    if (q->fd < 0)
        return;
    p = paths_of(q);
    unlink(p.file);
    unlink(p.socket);
    uv_close((uv_handle_t *)&q->poll, on_poll_closed);
    close(hd_steal_fd(&q->fd));
}

void hd_ask_end(struct hd_store *store)
{
    struct hd_ask *ask = hd_steal(&store->question);

    if (!ask)
        return;
    for (size_t i = 0; i < ask->n; i++)
        end_one(&ask->of[i]);
    uv_close((uv_handle_t *)&ask->timer, on_timer_closed);
}

/* ---- answered */

static void begin(struct hd_store *store, bool wrong);

static bool any_is_posed(const struct hd_ask *ask)
{
    for (size_t i = 0; i < ask->n; i++)
        if (ask->of[i].fd >= 0)
            return true;
    return false;
}

/* This user does not want to. */
static void refuse(struct question *q)
{
    end_one(q);
    if (!any_is_posed(q->ask))
        hd_ask_end(q->ask->store);
}

static void try_password(struct hd_store *store, const char *user,
                         const struct hd_secret *password)
{
    struct hd_err err = {0};

    if (!hd_start_unlock(store, user, password, &err))
        return;
    hd_log(HD_LOG_WARNING, "%s stays locked: %s", store->label, err.msg);
    hd_life_note(store, NULL, hd_err_reason(err.code), err.msg);
    begin(store, false);
}

static void on_answer(uv_poll_t *poll, int status, int events)
{
    struct question *q = poll->data;
    struct hd_store *store = q->ask->store;
    hd_auto(hd_secret) password = NULL;
    enum hd_answer_kind kind = hd_question_answer(q->fd, &password);

    (void)status;
    (void)events;
    /* Somebody else is at it: the question stays until that has come out. */
    if (kind == HD_ANSWERED_NOTHING || store->waiter || hd_keys_busy(store))
        return;
    if (kind == HD_ANSWERED_NO) {
        refuse(q);
        return;
    }
    strcpy(store->asked, q->user);
    hd_ask_end(store);
    try_password(store, q->user, password); /* which is there until the loop */
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

static int write_file(const struct question *question, const struct paths *p,
                      uint64_t ms, struct hd_err *err)
{
    const struct hd_ask *ask = question->ask;
    char store[HD_UUID_SIZE], id[HD_UUID_SIZE + HD_NAME_SIZE];
    char text[HD_QUESTION_SIZE];
    struct hd_question q = {.socket = p->socket,
                            .id = id,
                            .store = ask->store->label,
                            .user = question->user,
                            .again = !strcmp(question->user, ask->wrong),
                            .not_after_us = 1000 * (hd_io_now_ms() + ms)};

    hd_uuid_format(&ask->store->id, store);
    snprintf(id, sizeof(id), "%s:%s", store, question->user);
    hd_question_format(&q, text);
    if (hd_io_write_file(p->temporary, text, strlen(text), 0644, err))
        return -1;
    if (rename(p->temporary, p->file)) {
        unlink(p->temporary);
        return hd_fail_errno(err, HD_E_IO, "cannot make %s", p->file);
    }
    return 0;
}

static int pose_one(struct question *q, uint64_t ms, struct hd_err *err)
{
    struct paths p = paths_of(q);
    hd_autofd int fd = open_socket(p.socket, err);

    if (fd < 0 || write_file(q, &p, ms, err)) {
        unlink(p.socket);
        return -1;
    }
    q->fd = hd_steal_fd(&fd);
    q->ask->handles++;
    uv_poll_init(q->ask->timer.loop, &q->poll, q->fd);
    q->poll.data = q;
    uv_poll_start(&q->poll, UV_READABLE, on_answer);
    return 0;
}

static void on_time(uv_timer_t *timer);

static int pose(struct hd_ask *ask, struct hd_err *err)
{
    const struct hd_policy *policy =
        hd_rules_policy(&ask->store->daemon->rules, err);

    if (!policy || !policy->ask_password)
        return policy ? hd_fail(err, HD_E_DENIED, "the policy says so") : -1;
    if (mkdir(FOLDER, 0755) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_FAILED, "cannot make " FOLDER);
    for (size_t i = 0; i < ask->n; i++)
        if (pose_one(&ask->of[i], policy->ask_password, err))
            return -1;
    ask->posed = true;
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

/* They may be posed now, or nobody has answered. */
static void on_time(uv_timer_t *timer)
{
    struct hd_ask *ask = timer->data;

    if (ask->posed)
        hd_ask_end(ask->store);
    else
        pose_or_say(ask->store);
}

/* Each of its users, but not the recovery key; nobody when they are too many.
 */
static void choose_users(struct hd_ask *ask)
{
    const struct hd_answer *answer = ask->store->answer;

    for (size_t i = 0; i < hd_user_count(answer); i++) {
        struct question *q = &ask->of[ask->n];

        if (hd_user_is_recovery(answer, i))
            continue;
        if (ask->n == HD_ASK_USERS) {
            ask->n = 0;
            return;
        }
        q->ask = ask;
        q->fd = -1;
        q->number = ask->n++;
        strcpy(q->user, hd_user_name(answer, i));
    }
}

static struct hd_ask *ask_new(struct hd_store *store)
{
    struct hd_ask *ask = calloc(1, sizeof(*ask));

    if (!ask)
        return NULL;
    ask->store = store;
    choose_users(ask);
    if (!ask->n) {
        free(ask);
        return NULL;
    }
    ask->handles = 1;
    uv_timer_init(store->daemon->loop, &ask->timer);
    ask->timer.data = ask;
    return ask;
}

/* `wrong`: the answer that was tried last. */
static void begin(struct hd_store *store, bool wrong)
{
    uint64_t wait_ms;

    if (hd_tries_wait(HD_TRIES_DIR, &store->id, &wait_ms, NULL))
        return;
    store->question = ask_new(store);
    if (!store->question)
        return;
    if (wrong)
        strcpy(store->question->wrong, store->asked);
    *store->asked = '\0';
    if (wait_ms)
        uv_timer_start(&store->question->timer, on_time, wait_ms, 0);
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
