/* SPDX-License-Identifier: MIT */
/* The text of systemd's ask-password protocol, and one answer to it; believes
 * root alone. */
#include "question.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../store/auth.h"

/* A line of its own would be a key of its own. */
static void add_name(char *text, const char *name)
{
    size_t used = strlen(text);

    snprintf(text + used, HD_QUESTION_SIZE - used, "%.200s", name);
    for (char *c = text + used; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
}

static void add(char *text, const char *more)
{
    strncat(text, more, HD_QUESTION_SIZE - 1 - strlen(text));
}

void hd_question_format(const struct hd_question *q, char ret[HD_QUESTION_SIZE])
{
    snprintf(ret, HD_QUESTION_SIZE,
             "[Ask]\nPID=%d\nSocket=%s\nAcceptCached=0\nEcho=0\n"
             "NotAfter=%" PRIu64 "\nIcon=drive-removable-media\nId=hotdom:",
             (int)getpid(), q->socket, q->not_after_us);
    add_name(ret, q->id);
    add(ret, q->again ? "\nMessage=Wrong password. " : "\nMessage=");
    add(ret, "Please enter the password of ");
    add_name(ret, q->user);
    add(ret, " for store ");
    add_name(ret, q->store);
    add(ret, ":\n");
}

/* Who sent it, as the kernel says. */
static bool from_root(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct ucred who;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
            c->cmsg_len != CMSG_LEN(sizeof(who)))
            continue;
        memcpy(&who, CMSG_DATA(c), sizeof(who));
        return who.uid == 0;
    }
    return false;
}

/* "+password", with a NUL behind it or not; agents may send several. */
static enum hd_answer_kind read_answer(const char *text, size_t n,
                                       struct hd_secret **ret)
{
    size_t len = n ? strnlen(text + 1, n - 1) : 0;
    struct hd_secret *secret;

    if (n == 1 && *text == '-')
        return HD_ANSWERED_NO;
    if (!len || *text != '+' || len > HD_PASSWORD_MAX)
        return HD_ANSWERED_NOTHING;
    secret = hd_secret_new(HD_PASSWORD_MAX);
    if (!secret)
        return HD_ANSWERED_NOTHING;
    memcpy(secret->data, text + 1, len);
    secret->len = len;
    *ret = secret;
    return HD_ANSWERED_PASSWORD;
}

enum hd_answer_kind hd_question_answer(int fd, struct hd_secret **ret)
{
    char text[1 + HD_PASSWORD_MAX + 1];
    union { /* aligned as cmsg(3) wants it */
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec iov = {.iov_base = text, .iov_len = sizeof(text)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    enum hd_answer_kind kind = HD_ANSWERED_NOTHING;

    if (n > 0 && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && from_root(&msg))
        kind = read_answer(text, (size_t)n, ret);
    explicit_bzero(text, sizeof(text));
    return kind;
}
