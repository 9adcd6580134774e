/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/cmd_registry: what is asked of a guest's agent, and what of its
 * answers reaches a terminal.  The linker sends its calls, and its pauses, here
 * (--wrap). */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../hv/cli/client.h"
#include "../../hv/cli/cmd.h"
#include "unit.h"

/* Questions in the order in which they are to come, and what is answered. */
struct turn {
    const char *asked, *answer;
};
static const struct turn *turns; /* NULL: calls go to hotdomd */
static size_t n_turns, at;

int __real_hd_client_call_within(const char *method,
                                 struct json_object *parameters,
                                 uint64_t within_ms, struct json_object **ret,
                                 struct hd_err *err);
int __wrap_hd_client_call_within(const char *method,
                                 struct json_object *parameters,
                                 uint64_t within_ms, struct json_object **ret,
                                 struct hd_err *err);
int __real_usleep(useconds_t us);
int __wrap_usleep(useconds_t us);

int __wrap_hd_client_call_within(const char *method,
                                 struct json_object *parameters,
                                 uint64_t within_ms, struct json_object **ret,
                                 struct hd_err *err)
{
    const char *asked;

    if (!turns)
        return __real_hd_client_call_within(method, parameters, within_ms, ret,
                                            err);
    asked = json_object_to_json_string_ext(
        parameters, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (at < n_turns && strcmp(asked, turns[at].asked)) {
        fprintf(stderr, "\n    asked %s, not %s\n", asked, turns[at].asked);
        CU_FAIL("another question");
    }
    json_object_put(parameters);
    if (at == n_turns)
        return hd_fail(err, HD_E_TIMEOUT, "nobody answers any more");
    if (ret)
        *ret = json_tokener_parse(turns[at].answer);
    at++;
    return 0;
}

int __wrap_usleep(useconds_t us)
{
    return turns ? 0 : __real_usleep(us);
}

/* What the command prints, until the next one. */
static char printed[4096];

/* Runs it with these words, up to NULL; all of the turns are to be taken. */
static int run(const struct turn *all, size_t n, const char *const *words,
               struct hd_err *err)
{
    int out = memfd_create("printed", MFD_CLOEXEC), before = dup(1), argc = 1;
    char room[8][128] = {"registry"}, *argv[9] = {room[0]};
    ssize_t len;
    int rc;

    for (; words[argc - 1]; argc++) {
        snprintf(room[argc], sizeof(room[argc]), "%s", words[argc - 1]);
        argv[argc] = room[argc];
    }
    turns = all;
    n_turns = n;
    at = 0;
    fflush(stdout);
    dup2(out, 1);
    rc = hd_cmd_registry(argc, argv, err);
    fflush(stdout);
    dup2(before, 1);
    turns = NULL;
    CU_ASSERT_EQUAL(at, n);
    len = pread(out, printed, sizeof(printed) - 1, 0);
    printed[len > 0 ? len : 0] = '\0';
    close(before);
    close(out);
    return rc;
}

#define WORDS(...)         ((const char *const[]){"desk", __VA_ARGS__, NULL})
#define RUN(all, err, ...) run(all, HD_ARRAY_LEN(all), WORDS(__VA_ARGS__), err)

#define EXPORT(key) "{\"guest\":\"desk\",\"op\":\"export\",\"key\":\"" key "\"}"
#define CHANGES(since)                                                         \
    "{\"guest\":\"desk\",\"op\":\"changes\",\"key\":\"guest/"                  \
    "a\",\"since\":" since "}"
#define ENTRY(key, value)                                                      \
    "{\"key\":\"" key "\",\"type\":\"string\",\"value\":\"" value "\"}"

static void changes_of_the_guests_are_watched(void)
{
    static const struct turn all[] = {
        {CHANGES("0"), "{\"sequence\":7,\"lost\":0,\"entries\":[]}"},
        {CHANGES("7"), "{\"sequence\":9,\"lost\":0,\"entries\":[" ENTRY(
                           "guest/a/x", "1") ",{\"key\":\"guest/a/y\","
                                             "\"type\":null,\"value\":null}]}"},
    };
    struct hd_err err = {0};

    CHECK_FAILS(RUN(all, &err, "watch", "guest/a/"), &err, HD_E_TIMEOUT,
                "nobody answers");
    CU_ASSERT_STRING_EQUAL(printed, "guest/a/x \"1\"\nguest/a/y null\n");
    CHECK_FAILS(RUN(all, &err, "watch", "guest/a", "--json"), &err,
                HD_E_TIMEOUT, "nobody answers");
    CU_ASSERT_STRING_EQUAL(
        printed, ENTRY("guest/a/x", "1") "\n{\"key\":\"guest/a/y\",\"type\":"
                                         "null,\"value\":null}\n");
}

static void changes_of_what_the_host_says_are_watched(void)
{
    static const struct turn all[] = {
        {EXPORT("host/map"),
         "{\"entries\":[" ENTRY("host/map/a", "1") "," ENTRY("host/map/b",
                                                             "2") "]}"},
        {EXPORT("host/map"),
         "{\"entries\":[" ENTRY("host/map/b", "3") "," ENTRY("host/map/c",
                                                             "4") "]}"},
        {EXPORT("host/map"),
         "{\"entries\":[" ENTRY("host/map/b", "3") "," ENTRY("host/map/c",
                                                             "4") "]}"},
    };
    struct hd_err err = {0};

    CHECK_FAILS(RUN(all, &err, "watch", "host/map"), &err, HD_E_TIMEOUT,
                "nobody answers");
    CU_ASSERT_STRING_EQUAL(
        printed, "host/map/b \"3\"\nhost/map/c \"4\"\nhost/map/a null\n");
    CHECK_FAILS(RUN(all, &err, "watch", "host/map", "--json"), &err,
                HD_E_TIMEOUT, "nobody answers");
    CU_ASSERT_STRING_EQUAL(
        printed,
        ENTRY("host/map/b", "3") "\n" ENTRY(
            "host/map/c",
            "4") "\n"
                 "{\"key\":\"host/map/a\",\"type\":null,\"value\":null}\n");
}

static void all_is_watched_where_no_key_is_named(void)
{
    static const char changes[] = "{\"guest\":\"desk\",\"op\":\"changes\","
                                  "\"since\":0}",
                      again[] = "{\"guest\":\"desk\",\"op\":\"changes\","
                                "\"since\":7}",
                      none[] = "{\"sequence\":7,\"entries\":[]}";
    static const struct turn all[] = {
        {changes, none},
        {EXPORT("host"), none},
        {EXPORT("store"), none},
        {again, "{\"sequence\":8,\"entries\":[" ENTRY("guest/a", "1") "]}"},
        {EXPORT("host"), "{\"entries\":[" ENTRY("host/name", "2") "]}"},
        {EXPORT("store"), "{\"entries\":[" ENTRY("store/b", "3") "]}"},
    };
    struct hd_err err = {0};

    CHECK_FAILS(RUN(all, &err, "watch"), &err, HD_E_TIMEOUT, "nobody answers");
    CU_ASSERT_STRING_EQUAL(printed,
                           "guest/a \"1\"\nhost/name \"2\"\nstore/b \"3\"\n");
}

static const struct hd_test tests[] = {
    HD_TEST(changes_of_the_guests_are_watched),
    HD_TEST(changes_of_what_the_host_says_are_watched),
    HD_TEST(all_is_watched_where_no_key_is_named),
};
HD_SUITE("cli/registry", tests);
