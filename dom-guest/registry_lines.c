/* SPDX-License-Identifier: MIT */
/* Answers lines with entries; keeps no more of what it reads than a line. */
#include "registry_lines.h"

#include <stdbool.h>
#include <string.h>

#include "../pv-drivers/base/io.h"
#include "registry.h"
#include "registry_show.h"
#include "respond.h"
#include "told.h"

struct lines {
    struct hd_registry_reader *reader;
    struct hd_xsdev *x; /* or NULL, and then why */
    const struct hd_err *no_host;
    FILE *out;
    size_t used;
    char text[16 << 10];
};

static int get_of_host(const struct lines *l, struct hd_entry *e,
                       struct hd_told **told, struct hd_err *err)
{
    if (!l->x) {
        if (err)
            *err = *l->no_host;
        return -1;
    }
    if (hd_told_load(l->x, told, err))
        return -1;
    return hd_told_get(*told, e->key, &e->value);
}

static int answer(const struct lines *l, const char *key, struct hd_err *err)
{
    hd_auto(hd_told) told = NULL;
    struct hd_entry e = {.value.type = HD_VALUE_NONE};
    int rc;

    if (!hd_key_is_valid(key))
        return hd_fail(err, HD_E_USAGE, "\"%.64s\" is no key", key);
    strcpy(e.key, key);
    if (hd_key_is_below(key, "host") || hd_key_is_below(key, "store"))
        rc = get_of_host(l, &e, &told, err);
    else
        rc = hd_registry_reader_get(
            l->reader, key, hd_io_now_ms() + HD_RESPOND_LOCK_MS, &e.value, err);
    if (rc < 0)
        return -1;
    if (!rc)
        e.value.type = HD_VALUE_NONE;
    hd_registry_show_entry(&e, l->out);
    return 0;
}

/* All that are whole. */
static int answer_all(struct lines *l, struct hd_err *err)
{
    char *at = l->text, *end;

    while ((end = memchr(at, '\n', l->used))) {
        *end = '\0';
        if (answer(l, at, err))
            return -1;
        l->used -= (size_t)(end + 1 - at);
        at = end + 1;
    }
    memmove(l->text, at, l->used);
    if (l->used >= HD_KEY_SIZE)
        return hd_fail(err, HD_E_USAGE, "\"%.64s\" is no key", l->text);
    return fflush(l->out) ? hd_fail_errno(err, HD_E_IO, "answer") : 0;
}

static int serve(struct lines *l, int fd, struct hd_err *err)
{
    ssize_t n;

    while ((n = read(fd, l->text + l->used, sizeof(l->text) - l->used - 1))) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hd_fail_errno(err, HD_E_IO, "read keys");
        l->used += (size_t)n;
        if (answer_all(l, err))
            return -1;
    }
    /* The last line may have no end. */
    if (!l->used)
        return 0;
    l->text[l->used++] = '\n';
    return answer_all(l, err);
}

int hd_registry_lines(const char *dir, struct hd_xsdev *x,
                      const struct hd_err *no_host, int fd, FILE *out,
                      struct hd_err *err)
{
    hd_auto(hd_registry_reader) reader = NULL;
    struct lines l = {.x = x, .no_host = no_host, .out = out};
    int rc;

    if (hd_registry_reader_open(dir, &reader, err))
        return -1;
    l.reader = reader;
    rc = serve(&l, fd, err);
    /* What was answered before it. */
    (void)fflush(out);
    return rc;
}
