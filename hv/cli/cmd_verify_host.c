/* SPDX-License-Identifier: MIT */
/* hotdom verify-host: proves that nothing of hotdom is left on the host, or
 * says what; never removes it. */
#include <getopt.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/snapshot.h"
#include "../host/trace.h"
#include "../run/display.h"
#include "../run/ledger.h"
#include "../run/ledger_replay.h"
#include "cmd.h"
#include "table.h"

/* Xen's own bookkeeping moves that much by itself. */
#define MEMORY_KIB 1024
#define HISTORY    (1 << 22) /* bytes, at most */

/* By the first word of a snapshot's line: what to do about what is left. */
static const struct {
    const char *kind, *what, *remedy;
} kinds[] = {
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
    {"missing", "in the ledger but not on the host", "hotdom eject the store"},
};

struct options {
    bool all, json, baseline;
};

/* Names of: what ledgers have now, what was ever ours, whose domains live that
 * never were. */
struct traces {
    struct hd_trace *live, *ever, *foreign;
    size_t live_domains;
};

struct report {
    struct json_object *list; /* with --json, else NULL */
    size_t n;                 /* differences that are ours */
    bool all;
};

static size_t kind_of(const char *line)
{
    size_t i = 0;

    while (i + 1 < HD_ARRAY_LEN(kinds) &&
           (strncmp(line, kinds[i].kind, strlen(kinds[i].kind)) ||
            line[strlen(kinds[i].kind)] != ' '))
        i++;
    return i;
}

static void say_json(struct report *r, const char *line, bool added, bool ours)
{
    struct json_object *o = json_object_new_object();
    size_t k = kind_of(line);

    json_object_object_add(o, "kind", json_object_new_string(kinds[k].kind));
    json_object_object_add(
        o, "value", json_object_new_string(line + strlen(kinds[k].kind) + 1));
    json_object_object_add(o, "change",
                           json_object_new_string(added ? "new" : "gone"));
    json_object_object_add(o, "ours", json_object_new_boolean(ours));
    json_object_object_add(o, "remedy",
                           json_object_new_string(ours ? kinds[k].remedy : ""));
    json_object_array_add(r->list, o);
}

static void say(struct report *r, const char *line, bool added, bool ours)
{
    size_t k = kind_of(line);
    char text[1200];

    if (!ours && !r->all)
        return;
    r->n += ours;
    if (r->list) {
        say_json(r, line, added, ours);
        return;
    }
    hd_table_escape(line, text, sizeof(text));
    if (ours)
        printf("%s: %s; %s\n", text, kinds[k].what, kinds[k].remedy);
    else
        printf("%s: %s, not ours\n", text, added ? "new" : "gone");
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
    /* DEVICE: its nodes are its domain's. */
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
static int check_effects(struct report *r, struct traces *t,
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
        snprintf(line, sizeof(line), "%s %s", seen_as[e[i].kind], e[i].value);
        if (busy || hd_snapshot_has(now, line))
            continue;
        snprintf(line, sizeof(line), "missing %s %s", kind, e[i].value);
        say(r, line, false, true);
    }
    return 0;
}

static int check_ledgers(struct report *r, struct traces *t,
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
        if (hd_trace_add(t->live, "domain", id))
            return no_memory(err);
        if (!hd_ledger_peek(HD_LEDGER_DIR, &ids[i], &ledger, &why)) {
            if (check_effects(r, t, ledger, now, err))
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

/* The nodes and files of a domain that lives and was never ours are not. */
static int note_foreign(struct traces *t, const struct hd_snapshot *now,
                        struct hd_err *err)
{
    for (size_t i = 0; i < now->n; i++) {
        char uuid[HD_UUID_SIZE], domid[16];

        if (sscanf(now->lines[i], "domain %36s %15s", uuid, domid) != 2 ||
            !strcmp(domid, "0") || hd_trace_matches(t->ever, now->lines[i]))
            continue;
        if (hd_trace_add(t->foreign, "domain", uuid) ||
            hd_trace_add(t->foreign, "domid", domid))
            return no_memory(err);
    }
    return 0;
}

/* With a domain running that was not there before, less memory is free. */
static void check_memory(struct report *r, const struct traces *t,
                         const struct hd_snapshot *before,
                         const struct hd_snapshot *now, bool new_domains)
{
    char line[64];

    if (t->live_domains || before->memory_kib <= now->memory_kib + MEMORY_KIB)
        return;
    snprintf(line, sizeof(line), "memory %" PRIu64 " KiB less than before",
             before->memory_kib - now->memory_kib);
    say(r, line, true, !new_domains);
}

static int check_baseline(struct report *r, const struct traces *t,
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
        say(r, line, list[i].added,
            list[i].added && !hd_trace_matches(t->foreign, line) &&
                (strstr(line, "hotdom") || hd_trace_matches(t->ever, line)));
    }
    check_memory(r, t, before, now, new_domains);
    return 0;
}

static int compare(struct report *r, struct traces *t, struct hd_err *err)
{
    hd_auto(hd_snapshot) now = NULL;

    if (!t->live || !t->ever || !t->foreign)
        return no_memory(err);
    if (read_history(t, err) || hd_snapshot_take(&now, err) ||
        check_ledgers(r, t, now, err) || note_foreign(t, now, err))
        return -1;
    return check_baseline(r, t, now, err);
}

static int print_report(struct report *r, struct hd_err *err)
{
    if (r->list)
        puts(json_object_to_json_string_ext(r->list, JSON_C_TO_STRING_PRETTY));
    else if (!r->n)
        puts("verify-host: no differences");
    return r->n ? hd_fail(err, HD_E_FAILED, "%zu difference%s", r->n,
                          r->n == 1 ? "" : "s")
                : 0;
}

static int verify(const struct options *o, struct hd_err *err)
{
    struct traces t = {.live = hd_trace_new(),
                       .ever = hd_trace_new(),
                       .foreign = hd_trace_new()};
    struct report r = {.list = o->json ? json_object_new_array() : NULL,
                       .all = o->all};
    int rc = compare(&r, &t, err);

    if (!rc)
        rc = print_report(&r, err);
    json_object_put(r.list);
    hd_trace_free(t.live);
    hd_trace_free(t.ever);
    hd_trace_free(t.foreign);
    return rc;
}

/* Once a boot, before the first store: a later one would hide what is left of
 * those in between. */
static int take_baseline(struct hd_err *err)
{
    hd_auto(hd_snapshot) now = NULL;

    if (!access(HD_BASELINE, F_OK))
        return 0;
    if (mkdir(HD_RUN_DIR, 0755) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_IO, "cannot make %s", HD_RUN_DIR);
    if (hd_snapshot_take(&now, err))
        return -1;
    return hd_snapshot_save(now, HD_BASELINE, err);
}

static int parse(int argc, char **argv, struct options *o, struct hd_err *err)
{
    static const struct option longs[] = {{"all", no_argument, NULL, 'a'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"baseline", no_argument, NULL, 'b'},
                                          {0}};
    int c;

    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (c == 'a')
            o->all = true;
        else if (c == 'j')
            o->json = true;
        else if (c == 'b')
            o->baseline = true;
        else
            return hd_fail(err, HD_E_USAGE, "bad option; see --help");
    }
    if (optind < argc)
        return hd_fail(err, HD_E_USAGE, "\"%s\" is too much", argv[optind]);
    return 0;
}

int hd_cmd_verify_host(int argc, char **argv, struct hd_err *err)
{
    struct options o = {0};

    if (parse(argc, argv, &o, err))
        return -1;
    if (geteuid() != 0)
        return hd_fail(err, HD_E_USAGE,
                       "it looks at the whole host; run it as root");
    return o.baseline ? take_baseline(err) : verify(&o, err);
}
