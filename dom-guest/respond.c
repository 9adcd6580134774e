/* SPDX-License-Identifier: MIT */
/* Does what is asked of the registry, in a child, for a damaged file may end
 * it; never writes host/ or store/. */
#include "respond.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/log.h"
#include "guard.h"
#include "registry.h"
#include "told.h"

#define OWN "guest"

struct job {
    const char *dir;
    const struct hd_regcall *call;
    const struct hd_told *told; /* or NULL */
    struct hd_guard *guard;     /* in the child, as all below */
    struct hd_registry *r;
    struct hd_entries entries; /* of the answer */
    struct hd_reganswer answer;
};

/* ---- look */

/* guest/ stands before host/ and store/. */
static int next(struct job *j, const char *from, bool past,
                struct hd_entry *ret, struct hd_err *err)
{
    int rc = hd_registry_next(j->r, j->call->key, from, past, ret, err);

    return rc ? rc : hd_told_next(j->told, j->call->key, from, past, ret);
}

static bool is_enough(const struct job *j)
{
    return j->entries.used >= HD_REGCALL_ENOUGH;
}

static const struct hd_value nothing = {.type = HD_VALUE_NONE};

/* The name right below: all behind it in the key goes; false: none does. */
static bool cut_to_folder(char *key, const char *above)
{
    size_t len = strlen(above);
    /* `above` itself may be a key, and asked for from one that is before it. */
    char *slash = strlen(key) > len ? strchr(key + len + (len > 0), '/') : NULL;

    if (slash)
        *slash = '\0';
    return slash != NULL;
}

static int add_name(struct job *j, const char *key, bool folder,
                    struct hd_err *err)
{
    char name[HD_KEY_SIZE + 1];

    strcpy(name, key);
    if (folder)
        strcat(name, "/");
    return hd_entries_add(&j->entries, name, &nothing, err);
}

/* A key and the folder of its name are one place, which is not parted. */
static int do_list(struct job *j, struct hd_err *err)
{
    char from[HD_KEY_SIZE];
    bool past = *j->call->from;
    struct hd_entry e;
    int rc;

    strcpy(from, past ? j->call->from : j->call->key);
    while ((rc = next(j, from, past, &e, err)) > 0) {
        if (is_enough(j) && !hd_key_is_below(e.key, from)) {
            strcpy(j->answer.from, from);
            return 0;
        }
        past = cut_to_folder(e.key, j->call->key);
        if (add_name(j, e.key, past, err))
            return -1;
        strcpy(from, e.key);
    }
    return rc;
}

static int do_get(struct job *j, struct hd_err *err)
{
    struct hd_value value;
    int rc = hd_registry_get(j->r, j->call->key, &value, err);

    if (!rc)
        rc = hd_told_get(j->told, j->call->key, &value);
    if (!rc)
        return hd_fail(err, HD_E_FAILED, "there is no key %s",
                       *j->call->key ? j->call->key : "\"\"");
    return rc < 0 ? -1 : hd_entries_add(&j->entries, j->call->key, &value, err);
}

static int do_export(struct job *j, struct hd_err *err)
{
    char from[HD_KEY_SIZE];
    struct hd_entry e;
    int rc;

    strcpy(from, j->call->from);
    while ((rc = next(j, from, false, &e, err)) > 0) {
        if (is_enough(j)) {
            strcpy(j->answer.from, from);
            return 0;
        }
        if (hd_entries_add(&j->entries, e.key, &e.value, err))
            return -1;
        strcpy(from, e.key);
    }
    return rc;
}

static int add_change(struct job *j, const char *key, struct hd_err *err)
{
    struct hd_value value = nothing;

    if (!hd_key_is_below(key, j->call->key))
        return 0;
    return hd_registry_get(j->r, key, &value, err) < 0
               ? -1
               : hd_entries_add(&j->entries, key, &value, err);
}

/* A number before this registry's, or behind its last, is of one that was there
 * before; what has gone with that one nobody knows. */
static uint64_t find_since(struct job *j)
{
    uint64_t since = j->call->since, first = hd_registry_first(j->r);
    bool known = since >= first && since <= hd_registry_sequence(j->r);

    if (!since || known)
        return since;
    j->answer.lost = since != HD_REGISTRY_NONE;
    return first;
}

static int do_changes(struct job *j, struct hd_err *err)
{
    uint64_t at = find_since(j), before = at;
    char key[HD_KEY_SIZE];
    int rc = 0;

    while (at && !is_enough(j) &&
           (rc = hd_registry_change(j->r, &at, key, err)) > 0) {
        j->answer.lost += at - before - 1;
        before = at;
        if (add_change(j, key, err))
            return -1;
    }
    if (is_enough(j))
        j->answer.sequence = at;
    return rc < 0 ? -1 : 0;
}

/* ---- change */

static int change_one(struct job *j, const struct hd_entry *e,
                      struct hd_err *err)
{
    size_t n;

    if (!strcmp(e->key, OWN))
        return hd_fail(err, HD_E_USAGE,
                       OWN " is no key but all of the guest's; name what is "
                           "below it, as in " OWN "/a");
    if (!hd_key_is_below(e->key, OWN))
        return hd_fail(err, HD_E_DENIED,
                       "%s is not the guest's: it writes " OWN "/ alone",
                       e->key);
    if (j->call->op == HD_REGCALL_REPLACE &&
        !hd_key_is_below(e->key, j->call->key))
        return hd_fail(err, HD_E_USAGE, "%s is not below %s", e->key,
                       j->call->key);
    if (e->value.type != HD_VALUE_NONE)
        return hd_registry_set(j->r, e->key, &e->value, err);
    if (hd_registry_remove(j->r, e->key, &n, err))
        return -1;
    return n ? 0 : hd_fail(err, HD_E_FAILED, "there is no key %s", e->key);
}

static int change_all(struct job *j, struct hd_err *err)
{
    const char *at = j->call->entries;
    size_t left = j->call->len;
    struct hd_entry e;
    int rc;

    while ((rc = hd_entries_next(&at, &left, &e, err)) > 0)
        if (change_one(j, &e, err))
            return -1;
    if (rc)
        return -1;
    hd_guard_commit(j->guard);
    return hd_registry_commit(j->r, err);
}

static int do_replace(struct job *j, struct hd_err *err)
{
    if (!hd_key_is_below(j->call->key, OWN))
        return hd_fail(err, HD_E_DENIED,
                       "only what is below " OWN "/ can be replaced");
    return hd_registry_remove(j->r, j->call->key, NULL, err) ||
                   change_all(j, err)
               ? -1
               : 0;
}

static const struct {
    enum hd_registry_mode mode;
    bool asks_host; /* what the host says counts too */
    int (*run)(struct job *j, struct hd_err *err);
} ops[] = {
    [HD_REGCALL_LIST] = {HD_REGISTRY_READ, true, do_list},
    [HD_REGCALL_GET] = {HD_REGISTRY_READ, true, do_get},
    [HD_REGCALL_SET] = {HD_REGISTRY_WRITE, false, change_all},
    [HD_REGCALL_REPLACE] = {HD_REGISTRY_WRITE, false, do_replace},
    [HD_REGCALL_EXPORT] = {HD_REGISTRY_READ, true, do_export},
    [HD_REGCALL_CHANGES] = {HD_REGISTRY_READ, false, do_changes},
};

/* ---- in a child */

static int perform(void *ctx, struct hd_guard *g, struct hd_entries *out,
                   struct hd_err *err)
{
    struct job *j = ctx;
    int rc;

    j->guard = g;
    if (hd_registry_open(j->dir, ops[j->call->op].mode,
                         hd_io_now_ms() + HD_RESPOND_LOCK_MS, &j->r, err))
        return -1;
    j->entries.max = HD_REGCALL_ANSWER_MAX - 1024;
    j->answer.sequence = hd_registry_sequence(j->r);
    rc = ops[j->call->op].run(j, err);
    if (!rc) {
        /* What was written counts. */
        if (ops[j->call->op].mode == HD_REGISTRY_WRITE)
            j->answer.sequence = hd_registry_sequence(j->r);
        j->answer.entries = j->entries.data;
        j->answer.len = j->entries.used;
        rc = hd_reganswer_format(&j->answer, out, err);
    }
    hd_registry_free(j->r);
    hd_entries_fini(&j->entries);
    return rc;
}

static int run(struct job *j, struct hd_entries *answer, struct hd_err *err)
{
    bool writes = ops[j->call->op].mode == HD_REGISTRY_WRITE;
    uint64_t deadline_ms =
        hd_io_now_ms() + (writes ? HD_RESPOND_WRITE_MS : HD_RESPOND_MS);

    return hd_guard_run(perform, j, writes ? "written" : "read", deadline_ms,
                        answer, err);
}

int hd_respond_rescue(const char *dir, struct hd_err *err)
{
    char path[PATH_MAX];
    int rc = hd_registry_rescue(dir, path, sizeof(path), err);

    if (rc > 0)
        hd_log(HD_LOG_ERROR,
               "the registry was damaged; it is kept as %s, and a new one "
               "begins",
               path);
    return rc;
}

/* The file is one that a child died of: asked again, anew where it is damaged,
 * and as it is where somebody else has moved that one aside. */
static int run_again(struct job *j, struct hd_entries *answer,
                     struct hd_err *err)
{
    if (hd_respond_rescue(j->dir, err) < 0) {
        hd_log(HD_LOG_ERROR, "%s", err->msg);
        return -1;
    }
    return run(j, answer, err);
}

static int answer_to(const char *dir, struct hd_xsdev *x,
                     const struct hd_regcall *call, struct hd_entries *answer,
                     struct hd_err *err)
{
    hd_auto(hd_told) told = NULL;
    struct job j = {.dir = dir, .call = call};
    int rc;

    if (x && ops[call->op].asks_host &&
        !(*call->key && hd_key_is_below(call->key, OWN)) &&
        hd_told_load(x, &told, err))
        return -1;
    j.told = told;
    rc = run(&j, answer, err);
    return rc && err->code == HD_E_BAD_VOLUME ? run_again(&j, answer, err) : rc;
}

void hd_respond(const char *dir, struct hd_xsdev *x, const char *request,
                size_t len, struct hd_entries *answer)
{
    struct hd_reganswer failed = {.entries = NULL};
    size_t before = answer->used;
    struct hd_regcall call;

    if (hd_regcall_parse(request, len, &call, &failed.why) ||
        answer_to(dir, x, &call, answer, &failed.why)) {
        answer->used = before;
        (void)hd_reganswer_format(&failed, answer, NULL);
    }
}

int hd_respond_call(const char *dir, struct hd_xsdev *x,
                    const struct hd_regcall *call, struct hd_entries *answer,
                    struct hd_reganswer *ret, struct hd_err *err)
{
    struct hd_err why = {0};

    if (answer_to(dir, x, call, answer, &why)) {
        if (err)
            *err = why;
        return -1;
    }
    return hd_reganswer_parse(answer->data, answer->used, ret, err);
}
