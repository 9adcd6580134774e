/* SPDX-License-Identifier: MIT */
/* hotdom eject: has guests shut down, of one store or of all, and waits for
 * it; destroys only who would outlive the time that all have. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../pv-drivers/base/io.h"
#include "client.h"
#include "cmd.h"
#include "follow.h"
#include "pick.h"
#include "table.h"

#define SIDE_BY_SIDE 16   /* ejected at the same time */
#define ROUND_MS     300  /* until stores are looked at again */
#define LONGEST_S    3600 /* as hotdomd may take for one */
#define LONGEST_MS   (LONGEST_S * 1000ull)
/* What is left of the time when guests are destroyed that have not ended: a
 * quarter, or as much as it takes to undo what was done for many. */
#define FORCE_PART 4
#define FORCE_MS   30000

struct round {
    struct hd_client *clients[SIDE_BY_SIDE];
    char names[SIDE_BY_SIDE][256];
    size_t n;
};

static int ask_one(struct round *r, struct json_object *store,
                   struct hd_err *err)
{
    const char *name = hd_client_text(store, "store");

    if (!*name)
        name = hd_client_text(store, "device");
    snprintf(r->names[r->n], sizeof(r->names[0]), "%s", name);
    if (hd_client_open(&r->clients[r->n], err))
        return -1;
    return hd_client_send(r->clients[r->n++], "Eject",
                          hd_follow_store("store", name), false, err);
}

/* As many as go side by side. */
static int ask(struct round *r, struct hd_err *err)
{
    struct json_object *reply, *stores;
    int rc = 0;

    r->n = 0;
    if (hd_client_call("List", NULL, &reply, err))
        return -1;
    json_object_object_get_ex(reply, "stores", &stores);
    for (size_t i = 0; !rc && r->n < SIDE_BY_SIDE && stores &&
                       i < json_object_array_length(stores);
         i++)
        rc = ask_one(r, json_object_array_get_idx(stores, i), err);
    json_object_put(reply);
    return rc;
}

/* Tells how each came out; false when all failed, and would again. */
static bool hear(struct round *r, uint64_t deadline, struct hd_err *worst)
{
    bool moves = false;

    for (size_t i = 0; i < r->n; i++) {
        struct json_object *reply;
        struct hd_err why;
        bool continues;
        char name[1024];

        hd_table_escape(r->names[i], name, sizeof(name));
        if (!hd_client_receive(r->clients[i], deadline, &reply, &continues,
                               &why)) {
            printf("%s: %s\n", name, hd_client_text(reply, "message"));
            moves = true;
        } else if (why.code == HD_E_BUSY || why.code == HD_E_NO_STORE ||
                   !hd_io_left_ms(deadline)) {
            moves = true; /* it starts or ends: look again */
        } else {
            fprintf(stderr, "hotdom eject: %s: %s\n", name, why.msg);
            *worst = why;
        }
    }
    return moves;
}

static void hang_up(struct round *r)
{
    for (size_t i = 0; i < r->n; i++)
        hd_client_free(r->clients[i]);
}

/* Until none is listed, or the time is over: 1.  Each error was told when it
 * was met. */
static int eject_until(uint64_t deadline, char left[300], struct hd_err *worst,
                       struct hd_err *err)
{
    const struct timespec pause = {.tv_nsec = ROUND_MS * 1000000};
    struct round r;

    for (;;) {
        int rc = ask(&r, err);
        bool moves = !rc && hear(&r, deadline, worst);

        hang_up(&r);
        if (rc || !r.n || (!moves && hd_io_left_ms(deadline)))
            return rc;
        snprintf(left, 300, "%s%s", r.names[0],
                 r.n > 1 ? " and others are" : " is");
        if (!hd_io_left_ms(deadline))
            return 1;
        nanosleep(&pause, NULL);
    }
}

/* Who cannot be destroyed is still there in the end, and is named then. */
static int destroy(struct json_object *guest, const char *word, void *ctx)
{
    struct json_object *parameters = json_object_new_object(), *reply;

    (void)guest, (void)ctx;
    json_object_object_add(parameters, "guest", json_object_new_string(word));
    if (hd_client_call("Destroy", parameters, &reply, NULL))
        return 0;
    fprintf(stderr, "hotdom eject: %s did not end in time and is destroyed\n",
            word);
    json_object_put(reply);
    return 0;
}

static int destroy_all(struct hd_err *err)
{
    struct json_object *reply;

    if (hd_client_call("List", NULL, &reply, err))
        return -1;
    (void)hd_pick_each(reply, destroy, NULL);
    json_object_put(reply);
    return 0;
}

/* `within_ms` 0: nobody is destroyed but by the end of its own grace time. */
static int eject_all(uint64_t within_ms, struct hd_err *err)
{
    uint64_t force = within_ms / FORCE_PART;
    uint64_t now = hd_io_now_ms(), all = within_ms ? within_ms : LONGEST_MS;
    struct hd_err worst = {0};
    char left[300];
    int rc;

    force = force < FORCE_MS ? force : FORCE_MS;
    rc = eject_until(now + all - force, left, &worst, err);
    if (rc > 0 && within_ms)
        rc = destroy_all(err) ? -1
                              : eject_until(now + within_ms, left, &worst, err);
    if (rc > 0)
        return hd_fail(err, HD_E_TIMEOUT,
                       "the time is over and %s still there; see "
                       "`hotdom list`",
                       left);
    if (!rc && worst.code)
        return hd_fail(err, (enum hd_code)worst.code,
                       "not every store was ejected in order; see above");
    return rc;
}

static int eject_one(const char *name, struct hd_err *err)
{
    struct json_object *reply;

    if (hd_follow_call("Eject", hd_follow_store("store", name), &reply, err))
        return -1;
    puts(hd_client_text(reply, "message"));
    json_object_put(reply);
    return 0;
}

static int take_seconds(const char *text, uint64_t *ret, struct hd_err *err)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || !n || n > LONGEST_S)
        return hd_fail(err, HD_E_USAGE, "--within takes 1 to %d seconds",
                       LONGEST_S);
    *ret = n;
    return 0;
}

int hd_cmd_eject(int argc, char **argv, struct hd_err *err)
{
    static const struct option options[] = {
        {"all", no_argument, NULL, 'a'},
        {"within", required_argument, NULL, 'w'},
        {0},
    };
    bool all = false;
    uint64_t seconds = 0;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'w') {
            if (take_seconds(optarg, &seconds, err))
                return -1;
        } else if (c == 'a')
            all = true;
        else
            return hd_fail(err, HD_E_USAGE, "bad option; see --help");
    }
    if (argc - optind > !all)
        return hd_fail(err, HD_E_USAGE, "it takes one store, or --all");
    if (seconds && !all)
        return hd_fail(err, HD_E_USAGE, "--within belongs to --all");
    if (!all)
        return eject_one(argv[optind], err);
    return eject_all(1000 * seconds, err);
}
