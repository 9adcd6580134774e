/* SPDX-License-Identifier: MIT */
/* The history beside the ledgers: what it keeps, and how large it becomes. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "ledger_kit.h"
#include "power.h"
#include "unit.h"

#define MOST (1 << 20)

static void history_path(char path[128], const char *suffix)
{
    snprintf(path, 128, "%s/history%s", ledger_dir, suffix);
}

static char *history(void)
{
    struct hd_err err = {0};
    char path[128], *text = NULL;

    history_path(path, "");
    CHECK_OK(hd_io_read_file(path, 1 << 24, &text, NULL, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    return text;
}

static bool is_beside(void)
{
    char path[128];

    history_path(path, ".new");
    return !access(path, F_OK);
}

static bool has(const char *line)
{
    hd_autofree char *text = history();
    size_t len = strlen(line);

    for (const char *at = text; (at = strstr(at, line)); at++)
        if ((at == text || at[-1] == '\n') && at[len] == '\n')
            return true;
    return false;
}

/* Instead of what is there. */
static void put(const char *text, size_t len)
{
    char path[128];
    FILE *out;

    history_path(path, "");
    out = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(fwrite(text, 1, len, out), len);
    fclose(out);
}

/* Names of volumes, as much as it may hold and `more`. */
static void put_full(size_t more)
{
    hd_autofree char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    for (unsigned i = 0; ftell(out) < (long)(MOST + more); i++)
        fprintf(out, "dm hotdom-travel-%07u\n", i);
    fclose(out);
    put(text, MOST + more);
}

static void a_name_is_there_once_however_often_it_was_ours(void)
{
    struct hd_err err = {0};

    ledger_begin();
    {
        hd_auto(hd_ledger) l = ledger_create();

        for (int i = 0; i < 3; i++) {
            uint32_t seq = ledger_take(l, HD_EFFECT_DOMAIN, "5c0e-domain");

            CHECK_OK(hd_ledger_set_domid(l, seq, 12, &err), &err);
            CHECK_OK(hd_ledger_set_domid(l, seq, 1, &err), &err);
            ledger_take(l, HD_EFFECT_DM, "hotdom-a");
        }
        /* No part of another one. */
        ledger_take(l, HD_EFFECT_DM, "hotdom");
    }
    hd_autofree char *text = history();

    CU_ASSERT_STRING_EQUAL(text, "domain 5c0e-domain\ndomid 12\ndomid 1\n"
                                 "dm hotdom-a\ndm hotdom\n");
    ledger_end();
}

static void of_a_full_one_the_newer_half_stays(void)
{
    char path[128];
    struct stat st;

    ledger_begin();
    hd_auto(hd_ledger) l = ledger_create();

    put_full(0);
    ledger_take(l, HD_EFFECT_DM, "hotdom-b");
    history_path(path, "");
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_TRUE(st.st_size <= MOST / 2 + 64);
    CU_ASSERT_TRUE(st.st_size >= MOST / 2 - 64);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    CU_ASSERT_FALSE(has("dm hotdom-travel-0000000"));
    /* The last whole one. */
    CU_ASSERT_TRUE(has("dm hotdom-travel-0041942"));
    CU_ASSERT_TRUE(has("dm hotdom-b"));
    CU_ASSERT_FALSE(is_beside());
    ledger_take(l, HD_EFFECT_DM, "hotdom-c");
    CU_ASSERT_TRUE(has("dm hotdom-b") && has("dm hotdom-c"));
    ledger_end();
}

static void one_that_is_far_too_large_becomes_small(void)
{
    char path[128];
    struct stat st;

    ledger_begin();
    hd_auto(hd_ledger) l = ledger_create();

    put_full(5 * MOST);
    ledger_take(l, HD_EFFECT_DM, "hotdom-b");
    history_path(path, "");
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_TRUE(st.st_size <= MOST / 2 + 64);
    CU_ASSERT_TRUE(has("dm hotdom-b"));
    ledger_end();
}

static void a_torn_line_is_not_gone_on_with(void)
{
    ledger_begin();
    hd_auto(hd_ledger) l = ledger_create();

    put("domid 1\ndomid 2", 15);
    ledger_take(l, HD_EFFECT_DM, "hotdom-b");
    hd_autofree char *text = history();

    CU_ASSERT_STRING_EQUAL(text, "domid 1\ndm hotdom-b\n");
    ledger_end();
}

static void where_it_cannot_grow_nothing_is_taken(void)
{
    struct hd_err err = {0};
    hd_autofree char *text = NULL;
    uint32_t seq;
    size_t n;

    ledger_begin();
    hd_auto(hd_ledger) l = ledger_create();

    power_room = 5;
    CHECK_FAILS(hd_ledger_take(l, HD_EFFECT_DM, "desk", "hotdom-a", &seq, &err),
                &err, HD_E_IO, "No space left");
    power_room = 0;
    CHECK_FAILS(hd_ledger_take(l, HD_EFFECT_DM, "desk", "hotdom-a", &seq, &err),
                &err, HD_E_IO, "No space left");
    power_room = -1;
    hd_ledger_effects(l, &n);
    CU_ASSERT_EQUAL(n, 0);
    ledger_take(l, HD_EFFECT_DM, "hotdom-b");
    text = history();
    CU_ASSERT_STRING_EQUAL(text, "dm hotdom-b\n");
    /* Nor where it cannot become smaller, and what it has stays. */
    put_full(0);
    power_room = 1000;
    CHECK_FAILS(hd_ledger_take(l, HD_EFFECT_DM, "desk", "hotdom-c", &seq, &err),
                &err, HD_E_IO, "No space left");
    power_room = -1;
    CU_ASSERT_FALSE(is_beside());
    CU_ASSERT_TRUE(has("dm hotdom-travel-0000000"));
    ledger_end();
}

/* Takes "hotdom-b" in a process that is killed at point `at`; whether it was.
 */
static bool take_and_die(struct hd_ledger *l, unsigned at)
{
    struct hd_err err;
    uint32_t seq;
    int status = 0;
    pid_t child = fork();

    if (!child) {
        power_cut_at = at;
        _exit(hd_ledger_take(l, HD_EFFECT_DM, "desk", "hotdom-b", &seq, &err)
                  ? 1
                  : 0);
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFSIGNALED(status) || !WEXITSTATUS(status));
    return WIFSIGNALED(status);
}

static void a_cut_at_any_point_leaves_all_of_it_or_its_half(void)
{
    bool cut = true;
    unsigned whole = 0, half = 0;

    ledger_begin();
    hd_auto(hd_ledger) l = ledger_create();

    for (unsigned at = 1; cut; at++) {
        put_full(0);
        cut = take_and_die(l, at);
        CU_ASSERT_TRUE(has("dm hotdom-travel-0041942"));
        whole += has("dm hotdom-travel-0000000");
        half += has("dm hotdom-b");
        /* Whoever is next is not hindered. */
        ledger_take(l, HD_EFFECT_DM, "hotdom-c");
        CU_ASSERT_TRUE(has("dm hotdom-c"));
        CU_ASSERT_FALSE(is_beside());
    }
    /* At the torn end, in front of two writes, in them, and at the rename; then
     * it is there, and the ledger's line follows. */
    CU_ASSERT_EQUAL(whole, 6);
    CU_ASSERT_EQUAL(half, 3);
    ledger_end();
}

#define WRITERS 8
#define NAMES   200

static void write_names(int writer)
{
    char value[32];
    struct hd_ledger_head head = ledger_head;
    struct hd_ledger *l = NULL;
    struct hd_err err;
    uint32_t seq;
    bool ok;

    head.store.byte[0] = (uint8_t)writer;
    ok = !hd_ledger_create(ledger_dir, &head, &l, &err);
    for (int i = 0; ok && i < NAMES; i++) {
        snprintf(value, sizeof(value), "writer-%d-%d", writer, i);
        ok = !hd_ledger_take(l, HD_EFFECT_DM, "desk", value, &seq, &err) &&
             !hd_ledger_take(l, HD_EFFECT_DM, "desk", "all", &seq, &err);
    }
    _exit(ok ? 0 : 1);
}

/* One of them has to make it smaller, behind which nobody's names are lost. */
static void jobs_of_several_stores_write_it_side_by_side(void)
{
    hd_autofree char *text = NULL;
    char line[64];
    int status;

    ledger_begin();
    put_full(0);
    for (int w = 0; w < WRITERS; w++)
        if (!fork())
            write_names(w);
    for (int w = 0; w < WRITERS; w++) {
        CU_ASSERT_TRUE_FATAL(wait(&status) > 0);
        CU_ASSERT_EQUAL(status, 0);
    }
    text = history();
    for (int w = 0; w < WRITERS; w++)
        for (int i = 0; i < NAMES; i++) {
            snprintf(line, sizeof(line), "\ndm writer-%d-%d\n", w, i);
            CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
        }
    CU_ASSERT_PTR_EQUAL(strstr(strstr(text, "\ndm all\n") + 1, "\ndm all\n"),
                        NULL);
    ledger_end();
}

/* Holds the history, says so, and puts another in its place a while later. */
static void hold_and_replace(int said)
{
    static const struct timespec pause = {.tv_nsec = 50000000};
    struct flock all = {.l_type = F_WRLCK};
    char path[128], beside[128];
    FILE *out;
    int fd;

    history_path(path, "");
    history_path(beside, ".new");
    fd = open(path, O_RDWR);
    if (fd < 0 || fcntl(fd, F_SETLK, &all) || write(said, "", 1) != 1)
        _exit(1);
    nanosleep(&pause, NULL);
    out = fopen(beside, "we");
    if (!out || fputs("dm hotdom-newer\n", out) < 0 || fclose(out) ||
        rename(beside, path))
        _exit(1);
    _exit(0);
}

static void who_waited_for_the_old_one_writes_the_new_one(void)
{
    int said[2], status = 1;
    char byte;
    pid_t child;

    ledger_begin();
    hd_auto(hd_ledger) l = ledger_create();

    put("dm hotdom-older\n", 16);
    CU_ASSERT_EQUAL_FATAL(pipe(said), 0);
    child = fork();
    if (!child)
        hold_and_replace(said[1]);
    close(said[1]);
    CU_ASSERT_EQUAL(read(said[0], &byte, 1), 1);
    ledger_take(l, HD_EFFECT_DM, "hotdom-b");
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_TRUE(has("dm hotdom-newer") && has("dm hotdom-b"));
    close(said[0]);
    ledger_end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_name_is_there_once_however_often_it_was_ours),
    HD_TEST(of_a_full_one_the_newer_half_stays),
    HD_TEST(one_that_is_far_too_large_becomes_small),
    HD_TEST(a_torn_line_is_not_gone_on_with),
    HD_TEST(where_it_cannot_grow_nothing_is_taken),
    HD_TEST(a_cut_at_any_point_leaves_all_of_it_or_its_half),
    HD_TEST(who_waited_for_the_old_one_writes_the_new_one),
    HD_TEST(jobs_of_several_stores_write_it_side_by_side),
};

HD_SUITE("ledger/history", tests);
