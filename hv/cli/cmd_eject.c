/* SPDX-License-Identifier: MIT */
/* hotdom eject: has guests shut down, of one store or of all, and waits for
 * it; destroys only who would outlive the time that all have. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "client.h"
#include "cmd.h"
#include "ejects.h"
#include "follow.h"
#include "pick.h"

#define ROUND_MS   300  /* until stores are looked at again */
#define LONGEST_S  3600 /* as hotdomd may take for one */
#define LONGEST_MS (LONGEST_S * 1000ull)
/* What is left of the time when guests are destroyed that have not ended: a
 * quarter, or as much as it takes to undo what was done for many. */
#define FORCE_PART 4
#define FORCE_MS   30000

/* Until none is listed but those that failed, or the time is over: 1.  Each
 * error was told when it was met. */
static int eject_until(struct hd_ejects *ejects, uint64_t deadline,
                       char left[300], struct hd_err *err)
{
    for (;;) {
        struct json_object *reply;
        const char *name;
        size_t n;
        int rc;

        if (hd_client_call("List", NULL, &reply, err))
            return -1;
        rc = hd_ejects_begin(ejects, reply, err);
        n = rc ? 0 : hd_ejects_left(ejects, reply, &name);
        if (n)
            snprintf(left, 300, "%.256s%s", name,
                     n > 1 ? " and others are" : " is");
        json_object_put(reply);
        if (!n)
            return rc;
        if (!hd_io_left_ms(deadline))
            return 1;
        hd_ejects_hear(ejects, hd_io_within_ms(ROUND_MS, deadline));
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

/* Nobody who was not asked: a store that starts just now has time from then. */
static int destroy_asked(struct hd_err *err)
{
    struct json_object *reply, *stores;

    if (hd_client_call("List", NULL, &reply, err))
        return -1;
    stores = json_object_object_get(reply, "stores");
    for (size_t i = 0; stores && i < json_object_array_length(stores); i++) {
        struct json_object *store = json_object_array_get_idx(stores, i);

        if (hd_ejects_is_begun(store))
            (void)hd_pick_guests(store, destroy, NULL);
    }
    json_object_put(reply);
    return 0;
}

/* `within_ms` 0: nobody is destroyed but by the end of its own grace time. */
static int eject_all(uint64_t within_ms, struct hd_err *err)
{
    uint64_t force = within_ms / FORCE_PART;
    uint64_t now = hd_io_now_ms(), all = within_ms ? within_ms : LONGEST_MS;
    struct hd_ejects ejects = {0};
    char left[300];
    int rc;

    force = force < FORCE_MS ? force : FORCE_MS;
    rc = eject_until(&ejects, now + all - force, left, err);
    /* That a store was forced is told for each of its guests. */
    hd_ejects_hang_up(&ejects);
    if (rc > 0 && within_ms)
        rc = destroy_asked(err)
                 ? -1
                 : eject_until(&ejects, now + within_ms, left, err);
    hd_ejects_hang_up(&ejects);
    if (rc > 0)
        return hd_fail(err, HD_E_TIMEOUT,
                       "the time is over and %s still there; see "
                       "`hotdom list`",
                       left);
    if (!rc && ejects.worst.code)
        return hd_fail(err, (enum hd_code)ejects.worst.code,
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
