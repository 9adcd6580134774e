/* SPDX-License-Identifier: MIT */
/* Plays hotdomd for one command at a time, and keeps what that prints. */
#include "cli_kit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../hv/cli/client.h"

#define WORDS 8

char cli_kit_printed[4096];

static const struct cli_kit_turn *turns; /* NULL: calls go to hotdomd */
static size_t n_turns, at;

int __real_hd_client_call_within(const char *method,
                                 struct json_object *parameters,
                                 uint64_t within_ms, struct json_object **ret,
                                 struct hd_err *err);
int __wrap_hd_client_call_within(const char *method,
                                 struct json_object *parameters,
                                 uint64_t within_ms, struct json_object **ret,
                                 struct hd_err *err);
int __real_hd_client_call(const char *method, struct json_object *parameters,
                          struct json_object **ret, struct hd_err *err);
int __wrap_hd_client_call(const char *method, struct json_object *parameters,
                          struct json_object **ret, struct hd_err *err);
int __real_hd_client_each(const char *method, struct json_object *parameters,
                          bool until_interrupted, hd_client_fn *fn, bool json,
                          struct hd_err *err);
int __wrap_hd_client_each(const char *method, struct json_object *parameters,
                          bool until_interrupted, hd_client_fn *fn, bool json,
                          struct hd_err *err);
int __real_usleep(useconds_t us);
int __wrap_usleep(useconds_t us);

/* On stderr, for stdout is the command's. */
static void check_asked(const char *method, struct json_object *parameters)
{
    char asked[1024];

    snprintf(asked, sizeof(asked), "%s %s", method,
             json_object_to_json_string_ext(
                 parameters,
                 JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    if (!strcmp(asked, turns[at].asked))
        return;
    fprintf(stderr, "\n    asked %s, not %s\n", asked, turns[at].asked);
    CU_FAIL("another question");
}

static int answer(const char *method, struct json_object *parameters,
                  struct json_object **ret, struct hd_err *err)
{
    if (at < n_turns)
        check_asked(method, parameters);
    json_object_put(parameters);
    if (at == n_turns)
        return hd_fail(err, HD_E_TIMEOUT, "nobody answers any more");
    if (ret)
        *ret = json_tokener_parse(turns[at].answer);
    at++;
    return 0;
}

int __wrap_hd_client_call_within(const char *method,
                                 struct json_object *parameters,
                                 uint64_t within_ms, struct json_object **ret,
                                 struct hd_err *err)
{
    return turns ? answer(method, parameters, ret, err)
                 : __real_hd_client_call_within(method, parameters, within_ms,
                                                ret, err);
}

int __wrap_hd_client_call(const char *method, struct json_object *parameters,
                          struct json_object **ret, struct hd_err *err)
{
    return turns ? answer(method, parameters, ret, err)
                 : __real_hd_client_call(method, parameters, ret, err);
}

/* One reply; then it is over. */
int __wrap_hd_client_each(const char *method, struct json_object *parameters,
                          bool until_interrupted, hd_client_fn *fn, bool json,
                          struct hd_err *err)
{
    struct json_object *reply;

    if (!turns)
        return __real_hd_client_each(method, parameters, until_interrupted, fn,
                                     json, err);
    if (answer(method, parameters, &reply, err))
        return -1;
    fn(reply, json);
    json_object_put(reply);
    return 0;
}

int __wrap_usleep(useconds_t us)
{
    return turns ? 0 : __real_usleep(us);
}

/* Commands write into their words. */
static int call(hd_cmd_fn *cmd, const char *const *words, struct hd_err *err)
{
    char room[WORDS][256], *argv[WORDS + 1] = {NULL};
    int argc = 0;

    for (; words[argc] && argc < WORDS; argc++) {
        snprintf(room[argc], sizeof(room[argc]), "%s", words[argc]);
        argv[argc] = room[argc];
    }
    optind = 0; /* as main has it */
    opterr = 0;
    return cmd(argc, argv, err);
}

int cli_kit_run(hd_cmd_fn *cmd, const char *const *words,
                const struct cli_kit_turn *all, size_t n, struct hd_err *err)
{
    int out = memfd_create("printed", MFD_CLOEXEC), before = dup(1), rc;
    ssize_t len;

    CU_ASSERT_FATAL(out >= 0 && before >= 0);
    turns = all;
    n_turns = n;
    at = 0;
    fflush(stdout);
    dup2(out, 1);
    rc = call(cmd, words, err);
    fflush(stdout);
    dup2(before, 1);
    turns = NULL;
    CU_ASSERT_EQUAL(at, n);
    len = pread(out, cli_kit_printed, sizeof(cli_kit_printed) - 1, 0);
    cli_kit_printed[len > 0 ? len : 0] = '\0';
    close(before);
    close(out);
    return rc;
}
