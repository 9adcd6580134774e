/* SPDX-License-Identifier: MIT */
/* hotdom repair: removes what verify-host finds of hotdom and no ledger has;
 * never touches what a store has that hotdomd knows. */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "../../pv-drivers/bus/xs.h"
#include "client.h"
#include "cmd.h"
#include "job_call.h"
#include "leftovers.h"
#include "remnant.h"
#include "show_json.h"
#include "table.h"

/* In the ledger of what is repaired, and of those who have it. */
#define LABEL "repair"

/* As hotdomd gives a YANK, for a host full of guests. */
#define JOB_MS 180000

struct options {
    bool yes, json, dry_run;
};

/* ---- shown */

static bool can(const struct hd_leftover *left)
{
    return left->ours && hd_remnant_of(left->line).how != HD_REMNANT_LEFT;
}

static bool has(const struct hd_leftovers *l, const char *line)
{
    for (size_t i = 0; l && i < l->n; i++)
        if (l->list[i].ours && !strcmp(l->list[i].line, line))
            return true;
    return false;
}

static void print_text(const struct hd_leftovers *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct hd_leftover_kind *kind = hd_leftover_kind(l->list[i].line);
        char text[1200];

        if (!l->list[i].ours)
            continue;
        hd_table_escape(l->list[i].line, text, sizeof(text));
        if (can(&l->list[i]))
            printf("%s: %s; will be removed\n", text, kind->what);
        else
            printf("%s: %s; left to what it belongs to, or to you: %s\n", text,
                   kind->what, kind->remedy);
    }
}

/* `after` NULL: nothing was done. */
static void print_json(const struct hd_leftovers *before,
                       const struct hd_leftovers *after)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < before->n; i++) {
        const char *line = before->list[i].line;
        const char *kind = hd_leftover_kind(line)->name;
        struct json_object *o;

        if (!before->list[i].ours)
            continue;
        o = json_object_new_object();
        json_object_object_add(o, "kind", json_object_new_string(kind));
        json_object_object_add(o, "value",
                               json_object_new_string(line + strlen(kind) + 1));
        json_object_object_add(o, "removes",
                               json_object_new_boolean(can(&before->list[i])));
        json_object_object_add(
            o, "gone", json_object_new_boolean(after && !has(after, line)));
        json_object_array_add(list, o);
    }
    hd_show_json(list);
    json_object_put(list);
}

/* ---- asked */

static int ask(const struct options *o, struct hd_err *err)
{
    char answer[16] = "";

    if (o->yes)
        return 0;
    if (o->json || !isatty(STDIN_FILENO))
        return hd_fail(err, HD_E_USAGE,
                       "it asks on a terminal; without one, say --yes");
    fputs("Remove these? [y/N] ", stderr);
    if (!fgets(answer, sizeof(answer), stdin) ||
        (strcmp(answer, "y\n") && strcmp(answer, "yes\n")))
        return hd_fail(err, HD_E_FAILED, "nothing was removed");
    return 0;
}

/* ---- removed */

static int note(struct hd_ledger *ledger, const struct hd_remnant *remnant,
                size_t i, struct hd_err *err)
{
    char guest[HD_NAME_SIZE];
    uint32_t seq;

    /* Each domain is paused by itself; what they have is freed together. */
    if (remnant->kind == HD_EFFECT_DOMAIN)
        snprintf(guest, sizeof(guest), "domain%zu", i);
    else
        strcpy(guest, LABEL);
    return hd_ledger_take(ledger, remnant->kind, guest, remnant->value, &seq,
                          err);
}

/* In a ledger before they are touched, so that nothing is half known.  The
 * volumes first: a job ends guests from the last to the first. */
static int note_effects(const struct hd_leftovers *l, struct hd_err *err)
{
    struct hd_ledger_head head = {.label = LABEL, .devname = "-"};
    hd_auto(hd_ledger) ledger = NULL;

    if (hd_uuid_parse(HD_REPAIR_ID, &head.store, err) ||
        hd_ledger_create(HD_LEDGER_DIR, &head, &ledger, err))
        return -1;
    for (int domains = 0; domains <= 1; domains++)
        for (size_t i = 0; i < l->n; i++) {
            struct hd_remnant r = hd_remnant_of(l->list[i].line);

            if (!l->list[i].ours || r.how != HD_REMNANT_EFFECT ||
                (r.kind == HD_EFFECT_DOMAIN) != domains)
                continue;
            if (note(ledger, &r, i, err))
                return -1;
        }
    return 0;
}

static int run_job(struct hd_err *err)
{
    struct hd_job_request req = {.op = HD_JOB_YANK,
                                 .deadline_ms = hd_io_now_ms() + JOB_MS};

    return hd_uuid_parse(HD_REPAIR_ID, &req.store, err) ||
                   hd_job_call(&req, NULL, err)
               ? -1
               : 0;
}

/* What an earlier one that was killed has noted comes first. */
static int undo_effects(const struct hd_leftovers *l, struct hd_err *err)
{
    int rc = note_effects(l, err);

    if (rc && err->code == HD_E_EXISTS)
        rc = run_job(err) || note_effects(l, err);
    return rc ? -1 : run_job(err);
}

static int remove_path(struct hd_xs *xs, const struct hd_remnant *r,
                       struct hd_err *err)
{
    struct hd_xs_node node = {.path = r->value};

    if (r->how == HD_REMNANT_NODE)
        return hd_xs_write(xs, &node, 1, err);
    if (unlink(r->value) && errno != ENOENT)
        return hd_fail_errno(err, HD_E_IO, "cannot remove %s", r->value);
    return 0;
}

/* Of domains that are not there: what a domain's end takes with it is gone by
 * now.  Only what was shown. */
static int remove_paths(const struct hd_leftovers *shown,
                        const struct hd_leftovers *now, struct hd_err *err)
{
    hd_auto(hd_xs) xs = NULL;

    if (hd_xs_open(&xs, err))
        return -1;
    for (size_t i = 0; i < now->n; i++) {
        struct hd_remnant r = hd_remnant_of(now->list[i].line);

        if (!now->list[i].ours || !has(shown, now->list[i].line) ||
            (r.how != HD_REMNANT_NODE && r.how != HD_REMNANT_FILE))
            continue;
        if (remove_path(xs, &r, err))
            return -1;
    }
    return 0;
}

/* Of `shown`, what is there still and nobody's: a store that came meanwhile has
 * its things in a ledger. */
static int still_there(const struct hd_leftovers *shown,
                       struct hd_leftovers **ret, struct hd_err *err)
{
    hd_auto(hd_leftovers) now = NULL;
    hd_auto(hd_leftovers) left = hd_leftovers_new();

    if (!left)
        return hd_fail_errno(err, HD_E_FAILED, "compare the host");
    if (hd_leftovers_find(&now, err))
        return -1;
    for (size_t i = 0; i < now->n; i++)
        if (now->list[i].ours && has(shown, now->list[i].line) &&
            hd_leftovers_add(left, now->list[i].line, true, true, err))
            return -1;
    *ret = hd_steal(&left);
    return 0;
}

static int remove_all(const struct hd_leftovers *shown, struct hd_err *err)
{
    hd_auto(hd_leftovers) before = NULL;
    hd_auto(hd_leftovers) behind = NULL;
    struct hd_err job = {0};

    if (still_there(shown, &before, err))
        return -1;
    (void)undo_effects(before, &job);
    if (still_there(shown, &behind, err) || remove_paths(shown, behind, err))
        return -1;
    if (job.code && err)
        *err = job;
    return job.code ? -1 : 0;
}

static int repair(const struct options *o, const struct hd_leftovers *shown,
                  struct hd_err *err)
{
    hd_auto(hd_leftovers) after = NULL;
    struct hd_err why = {0};

    if (ask(o, err))
        return -1;
    (void)remove_all(shown, &why);
    if (hd_leftovers_find(&after, err))
        return -1;
    if (o->json)
        print_json(shown, after);
    if (why.code) {
        *err = why;
        return hd_wrap(err, "%zu left", after->ours);
    }
    if (after->ours)
        return hd_fail(err, HD_E_FAILED,
                       "%zu left; `hotdom verify-host` tells what",
                       after->ours);
    if (!o->json)
        puts("repair: no differences");
    return 0;
}

static int look(const struct options *o, struct hd_err *err)
{
    hd_auto(hd_leftovers) shown = NULL;
    bool any = false;

    if (hd_leftovers_find(&shown, err))
        return -1;
    for (size_t i = 0; i < shown->n; i++)
        any |= can(&shown->list[i]);
    if (!o->json)
        print_text(shown);
    if (any && !o->dry_run)
        return repair(o, shown, err);
    if (o->json)
        print_json(shown, NULL);
    else if (!shown->ours)
        puts("repair: no differences");
    if (shown->ours && !o->dry_run)
        return hd_fail(err, HD_E_FAILED, "none of them is for repair");
    return 0;
}

static int parse(int argc, char **argv, struct options *o, struct hd_err *err)
{
    static const struct option longs[] = {{"yes", no_argument, NULL, 'y'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"dry-run", no_argument, NULL, 'n'},
                                          {0}};
    int c;

    while ((c = getopt_long(argc, argv, "yn", longs, NULL)) != -1) {
        if (c == 'y')
            o->yes = true;
        else if (c == 'j')
            o->json = true;
        else if (c == 'n')
            o->dry_run = true;
        else
            return hd_fail(err, HD_E_USAGE, "bad option; see --help");
    }
    if (optind < argc)
        return hd_fail(err, HD_E_USAGE, "\"%s\" is too much", argv[optind]);
    return 0;
}

static int start(struct options *o, int argc, char **argv, struct hd_err *err)
{
    if (parse(argc, argv, o, err))
        return -1;
    if (geteuid() != 0)
        return hd_fail(err, HD_E_USAGE,
                       "it looks at the whole host; run it as root");
    /* Whose ledgers are there is hotdomd's to undo or to adopt, at its start;
     * until then nobody knows what is left. */
    if (hd_client_call("List", NULL, NULL, err))
        return hd_wrap(err, "hotdomd cleans up behind an earlier one first");
    return look(o, err);
}

int hd_cmd_repair(int argc, char **argv, struct hd_err *err)
{
    struct options o = {0};

    return start(&o, argc, argv, err);
}

int hd_cmd_repair_dry(int argc, char **argv, struct hd_err *err)
{
    struct options o = {.dry_run = true};

    return start(&o, argc, argv, err);
}
