/* SPDX-License-Identifier: MIT */
/* hotdom pause, unpause, shutdown, reboot and destroy: tells hotdomd what
 * becomes of guests, and waits for it when that is wanted. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../daemon/event.h"
#include "client.h"
#include "cmd.h"
#include "pick.h"
#include "table.h"

/* A guest's grace time may be long. */
#define WAIT_S     300
#define WAIT_MAX_S 86400

#define PAUSED "paused" /* the state; who goes on has not come back */

struct form {
    const char *method;
    const char *whom[4]; /* the states of those that --all means */
    const char *goal;    /* the state that --wait waits for */
    bool again;          /* they are in it, leave it, and come back */
};

/* One guest that was told, by the names of its events. */
struct told {
    char store[HD_LABEL_SIZE], guest[HD_NAME_SIZE];
    bool done;
};

struct orders {
    const struct form *form;
    bool all;
    uint64_t wait_ms; /* 0: not at all */
    bool failed;      /* one of them will not be what was wanted */
    struct told *told;
    size_t n;
};

static const struct option options[] = {{"all", no_argument, NULL, 'a'},
                                        {"wait", optional_argument, NULL, 'w'},
                                        {0}};

static int take_wait(const char *text, uint64_t *ret_ms, struct hd_err *err)
{
    char *end = NULL;
    long seconds = text ? strtol(text, &end, 10) : WAIT_S;

    if ((text && (!*text || *end)) || seconds < 1 || seconds > WAIT_MAX_S)
        return hd_fail(err, HD_E_USAGE, "--wait=%s: give 1 to %d seconds", text,
                       WAIT_MAX_S);
    *ret_ms = (uint64_t)seconds * 1000;
    return 0;
}

static int take_options(int argc, char **argv, struct orders *ret,
                        struct hd_err *err)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        ret->all |= c == 'a';
        if (c == 'w' && take_wait(optarg, &ret->wait_ms, err))
            return -1;
    }
    if (ret->all == (optind < argc))
        return hd_fail(err, HD_E_USAGE, "name guests, or --all");
    return 0;
}

/* ---- told */

static int tell(struct orders *o, const char *word, struct hd_err *err)
{
    struct json_object *parameters = json_object_new_object(), *reply;
    struct told *grown = realloc(o->told, (o->n + 1) * sizeof(*o->told));
    struct told *t;

    if (!grown) {
        json_object_put(parameters);
        return hd_fail_errno(err, HD_E_FAILED, "tell hotdomd");
    }
    o->told = grown;
    json_object_object_add(parameters, "guest", json_object_new_string(word));
    if (hd_client_call(o->form->method, parameters, &reply, err))
        return -1;
    t = &o->told[o->n++];
    snprintf(t->store, sizeof(t->store), "%s", hd_client_text(reply, "store"));
    snprintf(t->guest, sizeof(t->guest), "%s", hd_client_text(reply, "guest"));
    t->done = !o->form->again &&
              !strcmp(hd_client_text(reply, "state"), o->form->goal);
    if (!o->wait_ms || t->done)
        printf("%s.%s: %s\n", t->store, t->guest,
               hd_client_text(reply, "state"));
    json_object_put(reply);
    return 0;
}

static bool is_meant(const struct form *form, struct json_object *guest)
{
    const char *state = hd_client_text(guest, "state");

    for (size_t i = 0; form->whom[i]; i++)
        if (!strcmp(form->whom[i], state))
            return true;
    return false;
}

/* The first error is kept; the others are told all the same. */
static int tell_each(struct orders *o, const char *word, struct hd_err *first)
{
    struct hd_err why = {0};

    if (!tell(o, word, &why))
        return 0;
    if (!first->code)
        *first = why;
    return -1;
}

struct round {
    struct orders *orders;
    struct hd_err *first; /* failure */
};

static int tell_meant(struct json_object *guest, const char *word, void *ctx)
{
    const struct round *r = ctx;

    return is_meant(r->orders->form, guest)
               ? tell_each(r->orders, word, r->first)
               : 0;
}

static int tell_all(struct orders *o, struct hd_err *err)
{
    struct round r = {o, err};
    struct json_object *reply;
    int rc;

    if (hd_client_call("List", NULL, &reply, err))
        return -1;
    rc = hd_pick_each(reply, tell_meant, &r);
    json_object_put(reply);
    return rc;
}

/* ---- waited for */

static bool all_done(const struct orders *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (!o->told[i].done)
            return false;
    return true;
}

static bool is_reached(const struct form *form, struct json_object *event)
{
    return !strcmp(hd_client_text(event, "to"), form->goal) &&
           (!form->again || strcmp(hd_client_text(event, "from"), PAUSED));
}

/* It will not be what was wanted. */
static bool has_failed(struct json_object *event)
{
    return !strcmp(hd_client_text(event, "to"), "failed") &&
           strcmp(hd_client_text(event, "from"), "failed");
}

static void hear(struct orders *o, struct json_object *event)
{
    for (size_t i = 0; i < o->n; i++) {
        struct told *t = &o->told[i];

        if (t->done || strcmp(hd_client_text(event, "store"), t->store) ||
            strcmp(hd_client_text(event, "guest"), t->guest))
            continue;
        t->done = has_failed(event) || is_reached(o->form, event);
        o->failed |= has_failed(event);
        if (t->done)
            printf("%s.%s: %s\n", t->store, t->guest,
                   hd_client_text(event, "to"));
    }
}

static int wait_for(struct orders *o, struct hd_client *events,
                    struct hd_err *err)
{
    uint64_t deadline = hd_io_now_ms() + o->wait_ms;
    struct json_object *event;
    bool continues;

    while (!all_done(o)) {
        if (hd_client_receive(events, deadline, &event, &continues, err)) {
            if (err->code != HD_E_TIMEOUT)
                return -1;
            return hd_fail(err, HD_E_TIMEOUT,
                           "not every guest is %s after %llu seconds; see "
                           "`hotdom list`",
                           o->form->goal,
                           (unsigned long long)o->wait_ms / 1000);
        }
        hear(o, event);
    }
    return o->failed ? hd_fail(err, HD_E_FAILED,
                               "not every guest is %s; see `hotdom list`",
                               o->form->goal)
                     : 0;
}

/* Listens before anything is told, so that nothing is missed. */
static int listen_for(struct hd_client **ret, struct hd_err *err)
{
    struct json_object *parameters = json_object_new_object();

    json_object_object_add(parameters, "follow", json_object_new_boolean(true));
    json_object_object_add(parameters, "since",
                           json_object_new_int64((int64_t)hd_event_now_ms()));
    if (hd_client_open(ret, err)) {
        json_object_put(parameters);
        return -1;
    }
    return hd_client_send(*ret, "Events", parameters, true, err);
}

static int run(const struct form *form, int argc, char **argv,
               struct hd_err *err)
{
    hd_auto(hd_client) events = NULL;
    struct hd_err late = {0};
    struct orders o = {.form = form};
    int rc = 0;

    if (take_options(argc, argv, &o, err) ||
        (o.wait_ms && listen_for(&events, err)))
        return -1;
    if (o.all)
        rc = tell_all(&o, err);
    for (int i = optind; i < argc; i++)
        if (tell_each(&o, argv[i], err))
            rc = -1;
    if (o.wait_ms && wait_for(&o, events, rc ? &late : err))
        rc = -1;
    free(o.told);
    return rc;
}

int hd_cmd_pause(int argc, char **argv, struct hd_err *err)
{
    static const struct form form = {
        .method = "Pause", .whom = {"running"}, .goal = PAUSED};

    return run(&form, argc, argv, err);
}

int hd_cmd_unpause(int argc, char **argv, struct hd_err *err)
{
    static const struct form form = {
        .method = "Unpause", .whom = {PAUSED}, .goal = "running"};

    return run(&form, argc, argv, err);
}

int hd_cmd_shutdown(int argc, char **argv, struct hd_err *err)
{
    static const struct form form = {.method = "Shutdown",
                                     .whom = {"running", PAUSED, "ejecting"},
                                     .goal = "gone"};

    return run(&form, argc, argv, err);
}

int hd_cmd_reboot(int argc, char **argv, struct hd_err *err)
{
    static const struct form form = {.method = "Reboot",
                                     .whom = {"running", PAUSED},
                                     .goal = "running",
                                     .again = true};

    return run(&form, argc, argv, err);
}

int hd_cmd_destroy(int argc, char **argv, struct hd_err *err)
{
    static const struct form form = {.method = "Destroy",
                                     .whom = {"running", PAUSED, "ejecting"},
                                     .goal = "gone"};

    return run(&form, argc, argv, err);
}
