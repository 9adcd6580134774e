/* SPDX-License-Identifier: MIT */
/* Compares the host with its ledgers and with what it was before the first
 * store; never changes it. */
#include "leftovers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/asked.h"
#include "../host/loop.h"
#include "../host/snapshot.h"
#include "../host/trace.h"
#include "../domain/display.h"
#include "../ledger/ledger.h"
#include "../ledger/replay.h"
#include "remnant.h"

/* Xen's own bookkeeping moves that much by itself. */
#define MEMORY_KIB 1024
#define HISTORY    (1 << 22) /* bytes, at most */

static const struct hd_leftover_kind kinds[] = {
    {"domain", "domain left behind", "xl destroy DOMID"},
    {"xenstore", "xenstore node left behind", "xenstore-rm PATH"},
    {"dm", "volume left open", "dmsetup remove NAME"},
    {"loop", "loop device left behind", "losetup -d DEVICE"},
    {"mount", "mount left behind", "umount TARGET"},
    {"netdev", "network interface left behind", "destroy its domain"},
    {"port", "bridge port left behind", "ip link set NAME nomaster"},
    {"pci", "PCI device left with Xen", "xl pci-assignable-remove -r NAME"},
    {"file", "file left behind", "rm it"},
    {"memory", "memory of Xen is missing", "look at xl dmesg"},
    {"quarantined", "domain that was destroyed and does not go",
     "find who holds its memory, or reboot"},
    {"missing", "in the ledger but not on the host", "hotdom eject the store"},
};

/* Names of: what ledgers have now, what was ever ours, whose domains live that
 * never were. */
struct traces {
    struct hd_trace *live, *ever, *foreign;
    size_t live_domains;
};

const struct hd_leftover_kind *hd_leftover_kind(const char *line)
{
    size_t i = 0;

    while (i + 1 < HD_ARRAY_LEN(kinds) &&
           (strncmp(line, kinds[i].name, strlen(kinds[i].name)) ||
            line[strlen(kinds[i].name)] != ' '))
        i++;
    return &kinds[i];
}

struct hd_leftovers *hd_leftovers_new(void)
{
    return calloc(1, sizeof(struct hd_leftovers));
}

void hd_leftovers_free(struct hd_leftovers *l)
{
    for (size_t i = 0; l && i < l->n; i++)
        free(l->list[i].line);
    if (l)
        free(l->list);
    free(l);
}

int hd_leftovers_add(struct hd_leftovers *l, const char *line, bool added,
                     bool ours, struct hd_err *err)
{
    struct hd_leftover *grown =
        reallocarray(l->list, l->n + 1, sizeof(*l->list));
    hd_autofree char *copy = strdup(line);

    if (grown)
        l->list = grown;
    if (!grown || !copy)
        return hd_fail_errno(err, HD_E_FAILED, "compare the host");
    l->list[l->n++] = (struct hd_leftover){hd_steal(&copy), added, ours};
    l->ours += ours;
    return 0;
}

static int no_memory(struct hd_err *err)
{
    return hd_fail_errno(err, HD_E_FAILED, "compare the host");
}

/* A job that holds the ledger is about to make or undo what it names. */
static bool in_progress(const struct hd_uuid *store)
{
    hd_auto(hd_ledger) held = NULL;
    struct hd_err why = {0};

    return hd_ledger_open(HD_LEDGER_DIR, store, &held, &why) &&
           why.code == HD_E_BUSY;
}

/* What an effect is in a snapshot. */
static const char *const seen_as[HD_EFFECT_KINDS] = {
    [HD_EFFECT_DM] = "dm",         [HD_EFFECT_DOMAIN] = "domain",
    [HD_EFFECT_BRIDGE] = "netdev", [HD_EFFECT_PORT] = "port",
    [HD_EFFECT_PCI] = "pci",       [HD_EFFECT_SERVER] = "file",
    /* DEVICE and LEAVING: the nodes are their domain's. */
};

/* The socket of its display, should it have one. */
static int add_display(struct traces *t, const struct hd_ledger *ledger,
                       const struct hd_effect *domain)
{
    char path[HD_DISPLAY_SIZE];

    hd_display_path(hd_ledger_head(ledger)->label, domain->guest, path);
    return hd_trace_add(t->live, "file", path);
}

/* What one ledger has and does not say to be undone: there, or missing. */
static int check_effects(struct hd_leftovers *l, struct traces *t,
                         const struct hd_ledger *ledger,
                         const struct hd_snapshot *now, struct hd_err *err)
{
    bool busy = in_progress(&hd_ledger_head(ledger)->store);
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ledger, &n);

    for (size_t i = 0; i < n; i++) {
        const char *kind = hd_ledger_kinds[e[i].kind];
        char line[HD_LEDGER_VALUE + 16], domid[16];

        if (e[i].undone)
            continue;
        t->live_domains += e[i].kind == HD_EFFECT_DOMAIN;
        snprintf(domid, sizeof(domid), "%" PRId32, e[i].domid);
        if (hd_trace_add(t->live, kind, e[i].value) ||
            (e[i].domid >= 0 && hd_trace_add(t->live, "domid", domid)))
            return no_memory(err);
        if (e[i].kind == HD_EFFECT_DOMAIN && add_display(t, ledger, &e[i]))
            return no_memory(err);
        if (!seen_as[e[i].kind])
            continue;
        snprintf(line, sizeof(line), "quarantined %s %s", kind, e[i].value);
        if (e[i].quarantined && hd_leftovers_add(l, line, true, true, err))
            return -1;
        snprintf(line, sizeof(line), "%s %s", seen_as[e[i].kind], e[i].value);
        if (busy || hd_snapshot_has(now, line))
            continue;
        snprintf(line, sizeof(line), "missing %s %s", kind, e[i].value);
        if (hd_leftovers_add(l, line, false, true, err))
            return -1;
    }
    return 0;
}

static int check_ledgers(struct hd_leftovers *l, struct traces *t,
                         const struct hd_snapshot *now, struct hd_err *err)
{
    hd_autofree struct hd_uuid *ids = NULL;
    size_t n;

    if (hd_ledger_list(HD_LEDGER_DIR, &ids, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        hd_auto(hd_ledger) ledger = NULL;
        struct hd_err why;
        char id[HD_UUID_SIZE];

        /* The ledger's own file is expected as well. */
        hd_uuid_format(&ids[i], id);
        /* What a repair has noted is nobody's still. */
        if (!strcmp(id, HD_REPAIR_ID))
            continue;
        if (hd_trace_add(t->live, "domain", id))
            return no_memory(err);
        if (!hd_ledger_peek(HD_LEDGER_DIR, &ids[i], &ledger, &why)) {
            if (check_effects(l, t, ledger, now, err))
                return -1;
        } else if (why.code != HD_E_NO_STORE) {
            if (err)
                *err = why;
            return -1;
        }
    }
    return 0;
}

static int read_history(struct traces *t, struct hd_err *err)
{
    hd_autofree char *text = NULL;

    if (access(HD_LEDGER_DIR "/history", F_OK) && errno == ENOENT)
        return 0;
    if (hd_io_read_file(HD_LEDGER_DIR "/history", HISTORY, &text, NULL, err))
        return -1;
    return hd_trace_add_text(t->ever, text) ? no_memory(err) : 0;
}

/* The nodes and files of a domain that lives and was never ours are not.  A
 * guest's UUID alone makes no domain ours: `hotdom plan --xl` gives it to xl,
 * too. */
static int note_foreign(struct traces *t, const struct hd_snapshot *now,
                        struct hd_err *err)
{
    for (size_t i = 0; i < now->n; i++) {
        char uuid[HD_UUID_SIZE], domid[16];

        if (sscanf(now->lines[i], "domain %36s %15s", uuid, domid) != 2 ||
            !strcmp(domid, "0") ||
            (hd_trace_has(t->ever, "domain", uuid) &&
             hd_trace_has(t->ever, "domid", domid)))
            continue;
        if (hd_trace_add(t->foreign, "domain", uuid) ||
            hd_trace_add(t->foreign, "domid", domid))
            return no_memory(err);
    }
    return 0;
}

/* What hotdomd asks just now, of a store that is locked, is none. */
static int note_questions(struct traces *t, const struct hd_snapshot *now,
                          struct hd_err *err)
{
    static const char begin[] = "file " HD_ASK_DIR "/";

    for (size_t i = 0; i < now->n; i++) {
        const char *file = now->lines[i] + strlen("file ");

        if (!strncmp(now->lines[i], begin, strlen(begin)) &&
            hd_asked_is_awaited(file) && hd_trace_add(t->live, "file", file))
            return no_memory(err);
    }
    return 0;
}

/* A file that somebody attached is a disk for as long as it is there, with a
 * ledger or without. */
static int note_files(struct traces *t, const struct hd_snapshot *now,
                      struct hd_err *err)
{
    for (size_t i = 0; i < now->n; i++) {
        char disk[HD_LOOP_NAME];

        if (sscanf(now->lines[i], "loop %15s", disk) == 1 &&
            hd_loop_is_ours(disk) && hd_trace_add(t->live, "loop", disk))
            return no_memory(err);
    }
    return 0;
}

/* With a domain running that was not there before, less memory is free. */
static int check_memory(struct hd_leftovers *l, const struct traces *t,
                        const struct hd_snapshot *before,
                        const struct hd_snapshot *now, bool new_domains,
                        struct hd_err *err)
{
    char line[64];

    if (t->live_domains || before->memory_kib <= now->memory_kib + MEMORY_KIB)
        return 0;
    snprintf(line, sizeof(line), "memory %" PRIu64 " KiB less than before",
             before->memory_kib - now->memory_kib);
    return hd_leftovers_add(l, line, true, !new_domains, err);
}

static int check_baseline(struct hd_leftovers *l, const struct traces *t,
                          const struct hd_snapshot *now, struct hd_err *err)
{
    hd_auto(hd_snapshot) before = NULL;
    hd_autofree struct hd_difference *list = NULL;
    bool new_domains = false;
    size_t n;

    if (hd_snapshot_load(HD_BASELINE, &before, err))
        return hd_wrap(err, "no baseline; start hotdomd, or run `hotdom "
                            "verify-host --baseline` with no store attached");
    if (hd_snapshot_diff(before, now, &list, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        const char *line = list[i].line;

        if (list[i].added && hd_trace_matches(t->live, line))
            continue;
        new_domains |= list[i].added && !strncmp(line, "domain ", 7);
        if (hd_leftovers_add(
                l, line, list[i].added,
                list[i].added && !hd_trace_matches(t->foreign, line) &&
                    (strstr(line, "hotdom") || hd_trace_matches(t->ever, line)),
                err))
            return -1;
    }
    return check_memory(l, t, before, now, new_domains, err);
}

static int compare(struct hd_leftovers *l, struct traces *t, struct hd_err *err)
{
    hd_auto(hd_snapshot) now = NULL;

    if (!t->live || !t->ever || !t->foreign)
        return no_memory(err);
    if (read_history(t, err) || hd_snapshot_take(&now, err) ||
        check_ledgers(l, t, now, err) || note_files(t, now, err) ||
        note_questions(t, now, err) || note_foreign(t, now, err))
        return -1;
    return check_baseline(l, t, now, err);
}

int hd_leftovers_find(struct hd_leftovers **ret, struct hd_err *err)
{
    hd_auto(hd_leftovers) l = hd_leftovers_new();
    struct traces t = {.live = hd_trace_new(),
                       .ever = hd_trace_new(),
                       .foreign = hd_trace_new()};
    int rc = l ? compare(l, &t, err) : no_memory(err);

    hd_trace_free(t.live);
    hd_trace_free(t.ever);
    hd_trace_free(t.foreign);
    if (!rc)
        *ret = hd_steal(&l);
    return rc;
}
