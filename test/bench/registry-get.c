/* SPDX-License-Identifier: MIT */
/* registry-get KEYS RUNS: a registry of so many keys in a folder of its own in
 * the current one; prints a line for each figure: microseconds of one get,
 * within a transaction that is open, of one that opens the file, and of a
 * reader that keeps it open and locks it for each, of one set that is on the
 * medium, and milliseconds of the import and the check of all. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../dom-guest/registry.h"

#define DIR "registry-get.tmp"

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int die(const struct hd_err *err)
{
    fprintf(stderr, "registry-get: %s\n", err->msg);
    exit(1);
}

static void key_of(unsigned i, char ret[HD_KEY_SIZE])
{
    snprintf(ret, HD_KEY_SIZE, "guest/group-%u/name-%u", i % 100, i);
}

static void set(struct hd_registry *r, unsigned i, const char *text)
{
    const struct hd_value v = {HD_VALUE_STRING, text, strlen(text)};
    char key[HD_KEY_SIZE];
    struct hd_err err;

    key_of(i, key);
    if (hd_registry_set(r, key, &v, &err))
        die(&err);
}

static struct hd_registry *begin(enum hd_registry_mode mode)
{
    struct hd_registry *r;
    struct hd_err err;

    if (hd_registry_open(DIR, mode, UINT64_MAX, &r, &err))
        die(&err);
    return r;
}

static void end(struct hd_registry *r)
{
    struct hd_err err;

    if (hd_registry_commit(r, &err))
        die(&err);
    hd_registry_free(r);
}

static void get(struct hd_registry *r, unsigned i)
{
    char key[HD_KEY_SIZE];
    struct hd_value v;
    struct hd_err err;

    key_of(i, key);
    if (hd_registry_get(r, key, &v, &err) != 1)
        die(&err);
}

static void load(unsigned keys)
{
    int64_t since = now_ns();
    struct hd_registry *r = begin(HD_REGISTRY_WRITE);
    struct hd_err err;

    for (unsigned i = 0; i < keys; i++)
        set(r, i, "a value of some forty bytes, as they are");
    end(r);
    printf("import-ms %.3f\n", (double)(now_ns() - since) / 1e6);
    since = now_ns();
    if (hd_registry_check(DIR, &err))
        die(&err);
    printf("check-ms %.3f\n", (double)(now_ns() - since) / 1e6);
}

static void show(const char *what, int64_t since, unsigned runs)
{
    printf("%s %.3f\n", what, (double)(now_ns() - since) / 1e3 / runs);
}

static unsigned any_of(unsigned keys)
{
    static unsigned seed = 1;

    return (seed = seed * 1103515245 + 12345) / 65536 % keys;
}

static void time_gets(unsigned keys, unsigned runs)
{
    struct hd_registry *r = begin(HD_REGISTRY_READ);
    int64_t since = now_ns();

    for (unsigned i = 0; i < runs; i++)
        get(r, any_of(keys));
    show("get-us", since, runs);
    hd_registry_free(r);
}

static void time_opens(unsigned keys, unsigned runs)
{
    int64_t since = now_ns();

    for (unsigned i = 0; i < runs; i++) {
        struct hd_registry *r = begin(HD_REGISTRY_READ);

        get(r, any_of(keys));
        hd_registry_free(r);
    }
    show("open-get-us", since, runs);
}

static void time_reader(unsigned keys, unsigned runs)
{
    struct hd_registry_reader *r;
    char key[HD_KEY_SIZE];
    struct hd_value v;
    struct hd_err err;
    int64_t since;

    if (hd_registry_reader_open(DIR, &r, &err))
        die(&err);
    since = now_ns();
    for (unsigned i = 0; i < runs; i++) {
        key_of(any_of(keys), key);
        if (hd_registry_reader_get(r, key, UINT64_MAX, &v, &err) != 1)
            die(&err);
    }
    show("reader-get-us", since, runs);
    hd_registry_reader_free(r);
}

static void time_sets(unsigned keys, unsigned runs)
{
    int64_t since = now_ns();

    for (unsigned i = 0; i < runs; i++) {
        struct hd_registry *r = begin(HD_REGISTRY_WRITE);

        set(r, i % keys, "another");
        end(r);
    }
    show("set-us", since, runs);
}

int main(int argc, char **argv)
{
    unsigned keys = argc == 3 ? (unsigned)atoi(argv[1]) : 0;
    unsigned runs = keys ? (unsigned)atoi(argv[2]) : 0;

    if (!runs) {
        fputs("usage: registry-get KEYS RUNS\n", stderr);
        return 2;
    }
    load(keys);
    time_gets(keys, runs);
    time_opens(keys, runs / 100 + 1);
    time_reader(keys, runs);
    time_sets(keys, runs / 1000 + 1);
    return 0;
}
