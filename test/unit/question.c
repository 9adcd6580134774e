/* SPDX-License-Identifier: MIT */
/* What password agents are asked, and what of their answers counts. */
#include "../../hv/daemon/question.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../../hv/store/auth.h"
#include "unit.h"

static void a_question_has_every_key_that_agents_want(void)
{
    const struct hd_question q = {.socket = "/run/x",
                                  .id = "5c0e",
                                  .store = "travel",
                                  .user = "owner",
                                  .not_after_us = 123456789};
    char text[HD_QUESTION_SIZE], pid[32];

    hd_question_format(&q, text);
    snprintf(pid, sizeof(pid), "[Ask]\nPID=%d\n", (int)getpid());
    CU_ASSERT(!strncmp(text, pid, strlen(pid)));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nSocket=/run/x\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nNotAfter=123456789\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nAcceptCached=0\nEcho=0\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nId=hotdom:5c0e\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text,
                                  "\nMessage=Please enter the password of "
                                  "owner for store travel:\n"));
}

static void after_a_wrong_password_the_question_says_so(void)
{
    const struct hd_question q = {.socket = "/run/x",
                                  .id = "5c0e",
                                  .store = "travel",
                                  .user = "owner",
                                  .again = true};
    char text[HD_QUESTION_SIZE];

    hd_question_format(&q, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text,
                                  "\nMessage=Wrong password. Please enter the "
                                  "password of owner for store travel:"));
}

static void a_name_cannot_add_a_key(void)
{
    char text[HD_QUESTION_SIZE], long_name[2000];
    struct hd_question q = {.socket = "/run/x",
                            .id = "5c0e",
                            .store = "a\nSocket=/tmp/evil\x7f",
                            .user = "b\r\x1b[0m"};

    hd_question_format(&q, text);
    CU_ASSERT_PTR_NULL(strstr(text, "\nSocket=/tmp"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "of b??[0m for store a?Socket=/tmp/evil?:\n"));
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    q.store = q.user = q.id = long_name;
    hd_question_format(&q, text);
    CU_ASSERT(strlen(text) < HD_QUESTION_SIZE);
    CU_ASSERT_EQUAL(text[strlen(text) - 1], '\n');
}

/* What becomes of a datagram of `n` bytes. */
static enum hd_answer_kind answer(const void *text, size_t n,
                                  struct hd_secret **ret)
{
    enum hd_answer_kind kind;
    int pair[2], yes = 1;

    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    CU_ASSERT_FATAL(
        !setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)));
    CU_ASSERT_EQUAL(send(pair[1], text, n, 0), (ssize_t)n);
    kind = hd_question_answer(pair[0], ret);
    close(pair[0]);
    close(pair[1]);
    return kind;
}

static void expect_password(const void *text, size_t n, const char *want)
{
    hd_auto(hd_secret) secret = NULL;

    if (geteuid() != 0) {
        CU_ASSERT_EQUAL(answer(text, n, &secret), HD_ANSWERED_NOTHING);
        return;
    }
    CU_ASSERT_EQUAL_FATAL(answer(text, n, &secret), HD_ANSWERED_PASSWORD);
    CU_ASSERT_EQUAL(secret->len, strlen(want));
    CU_ASSERT_STRING_EQUAL(secret->data, want);
}

static void the_first_password_of_an_answer_counts(void)
{
    char longest[HD_PASSWORD_MAX + 2];

    expect_password("+correct horse", 14, "correct horse");
    expect_password("+one\0two\0", 9, "one");
    memset(longest, 'p', sizeof(longest));
    longest[0] = '+';
    longest[sizeof(longest) - 1] = '\0';
    expect_password(longest, sizeof(longest) - 1, longest + 1);
}

static void any_other_answer_is_none(void)
{
    static const struct {
        const char *text;
        size_t n;
    } odd[] = {{"+", 1}, {"+\0", 2}, {"+\0x", 3}, {"x", 1}, {"--", 2}, {"", 1}};
    char too_long[HD_PASSWORD_MAX + 2], longer[4 * HD_PASSWORD_MAX];
    struct hd_secret *secret = NULL;

    for (size_t i = 0; i < HD_ARRAY_LEN(odd); i++)
        CU_ASSERT_EQUAL(answer(odd[i].text, odd[i].n, &secret),
                        HD_ANSWERED_NOTHING);
    memset(too_long, '+', sizeof(too_long));
    memset(longer, '+', sizeof(longer));
    CU_ASSERT_EQUAL(answer(too_long, sizeof(too_long), &secret),
                    HD_ANSWERED_NOTHING);
    CU_ASSERT_EQUAL(answer(longer, sizeof(longer), &secret),
                    HD_ANSWERED_NOTHING);
    CU_ASSERT_PTR_NULL(secret);
}

static void who_does_not_want_to_is_believed(void)
{
    struct hd_secret *secret = NULL;

    CU_ASSERT_EQUAL(answer("-", 1, &secret),
                    geteuid() ? HD_ANSWERED_NOTHING : HD_ANSWERED_NO);
}

/* Needs root to become somebody else. */
static void only_root_is_heard(void)
{
    struct hd_secret *secret = NULL;
    int pair[2], yes = 1, status;
    pid_t pid;

    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes));
    pid = fork();
    if (!pid)
        _exit((!geteuid() && setuid(65534)) || send(pair[1], "+pw", 3, 0) != 3);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(hd_question_answer(pair[0], &secret), HD_ANSWERED_NOTHING);
    CU_ASSERT_PTR_NULL(secret);
    /* It was there, and is read. */
    CU_ASSERT_EQUAL(recv(pair[0], &status, 1, MSG_DONTWAIT), -1);
    close(pair[0]);
    close(pair[1]);
}

static const struct hd_test tests[] = {
    HD_TEST(a_question_has_every_key_that_agents_want),
    HD_TEST(after_a_wrong_password_the_question_says_so),
    HD_TEST(a_name_cannot_add_a_key),
    HD_TEST(the_first_password_of_an_answer_counts),
    HD_TEST(any_other_answer_is_none),
    HD_TEST(who_does_not_want_to_is_believed),
    HD_TEST(only_root_is_heard),
};

HD_SUITE("daemon/question", tests);
