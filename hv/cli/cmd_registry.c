/* SPDX-License-Identifier: MIT */
/* hotdom registry: looks at the registry of a guest that runs and changes it;
 * its agent does the work. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/entry.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/registry_options.h"
#include "../plan/json_read.h"
#include "client.h"
#include "cmd.h"
#include "show_entry.h"
#include "show_json.h"

#define FILE_MAX    (1u << 20)  /* bytes */
#define ENTRIES_MAX (60u << 10) /* bytes of JSON; a request has 64 KiB */
#define PAGES_MAX   2048        /* of the largest registry, and room */
#define WATCH_MS    1000        /* between two looks */
/* The guest's agent has some time, and others may be asked before. */
#define WITHIN_MS 180000

struct call {
    const char *guest;
    struct hd_registry_options opts;
    int argc; /* behind the verb */
    char **argv;
};

static struct json_object *question(const struct call *c, const char *op,
                                    const char *key)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "guest", json_object_new_string(c->guest));
    json_object_object_add(o, "op", json_object_new_string(op));
    if (key)
        json_object_object_add(o, "key", json_object_new_string(key));
    return o;
}

static int call(struct json_object *o, struct json_object **ret,
                struct hd_err *err)
{
    return hd_client_call_within("Registry", o, WITHIN_MS, ret, err);
}

/* As ls shows a folder. */
static void trim(char *key)
{
    size_t len = strlen(key);

    if (len > 1 && key[len - 1] == '/')
        key[len - 1] = '\0';
}

static int take_none_or_one(const struct call *c, struct hd_err *err)
{
    return c->argc <= 1 ? 0
                        : hd_fail(err, HD_E_USAGE, "it takes one key at most");
}

/* ---- shown */

typedef void entry_fn(struct json_object *entry, void *ctx);

static void each_entry(struct json_object *reply, entry_fn *fn, void *ctx)
{
    struct json_object *list;

    if (!json_object_object_get_ex(reply, "entries", &list))
        return;
    for (size_t i = 0; i < json_object_array_length(list); i++)
        fn(json_object_array_get_idx(list, i), ctx);
}

/* The guest says where it goes on, and may say anything. */
static bool goes_on(const char *from, const char *next, unsigned pages)
{
    return pages < PAGES_MAX && (!from || hd_key_compare(next, from) > 0);
}

/* All answers, of which each but the last says from where it goes on; what
 * changes meanwhile makes them no whole. */
static int each(const struct call *c, const char *op, const char *key,
                entry_fn *fn, void *ctx, struct hd_err *err)
{
    hd_autofree char *from = NULL;
    int64_t sequence = -1;
    unsigned pages = 0;
    bool more;

    do {
        struct json_object *reply, *o = question(c, op, key);

        if (from)
            json_object_object_add(o, "from", json_object_new_string(from));
        if (call(o, &reply, err))
            return -1;
        if (sequence >= 0 && sequence != hd_client_number(reply, "sequence")) {
            json_object_put(reply);
            return hd_fail(err, HD_E_BUSY,
                           "the registry has changed meanwhile; try again");
        }
        sequence = hd_client_number(reply, "sequence");
        each_entry(reply, fn, ctx);
        more = *hd_client_text(reply, "from");
        if (more && !goes_on(from, hd_client_text(reply, "from"), ++pages)) {
            json_object_put(reply);
            return hd_fail(err, HD_E_FAILED, "guest %s answers without end",
                           c->guest);
        }
        free(from);
        from = strdup(hd_client_text(reply, "from"));
        json_object_put(reply);
    } while (more);
    return 0;
}

static void add_name(struct json_object *entry, void *list)
{
    json_object_array_add(list,
                          json_object_new_string(hd_client_text(entry, "key")));
}

static void add_entry(struct json_object *entry, void *map)
{
    json_object_object_add(
        map, hd_client_text(entry, "key"),
        json_object_get(json_object_object_get(entry, "value")));
}

static int do_list(const struct call *c, struct hd_err *err)
{
    struct json_object *list = json_object_new_array();
    int rc = take_none_or_one(c, err) ||
             each(c, "ls", c->argv[0], add_name, list, err);

    if (!rc && c->opts.json)
        hd_show_json(list);
    for (size_t i = 0;
         !rc && !c->opts.json && i < json_object_array_length(list); i++)
        hd_show_entry_text(
            json_object_get_string(json_object_array_get_idx(list, i)));
    json_object_put(list);
    return rc ? -1 : 0;
}

static int do_export(const struct call *c, struct hd_err *err)
{
    struct json_object *map = json_object_new_object();
    int rc = take_none_or_one(c, err) ||
             each(c, "export", c->argv[0], add_entry, map, err);

    if (!rc)
        hd_show_json(map);
    json_object_put(map);
    return rc ? -1 : 0;
}

static void show_entry(struct json_object *entry, void *ctx)
{
    const struct call *c = ctx;

    hd_show_entry(entry, c->opts.json);
}

static int do_get(const struct call *c, struct hd_err *err)
{
    struct json_object *reply;

    if (c->argc != 1)
        return hd_fail(err, HD_E_USAGE, "get takes one key");
    if (call(question(c, "get", c->argv[0]), &reply, err))
        return -1;
    each_entry(reply, show_entry, (void *)c);
    json_object_put(reply);
    return 0;
}

/* ---- changed */

static int change(const struct call *c, const char *op, const char *key,
                  struct json_object *entries, struct hd_err *err)
{
    struct json_object *o = question(c, op, key);

    json_object_object_add(o, "entries", entries);
    return call(o, NULL, err);
}

/* What is no value of its type the other side refuses. */
static struct json_object *word_of(const char *type, const char *word)
{
    struct json_object *o;
    int64_t n;
    char *end;

    if (!strcmp(type, "integer")) {
        errno = 0;
        n = strtoll(word, &end, 10);
        return errno || end == word || *end ? NULL : json_object_new_int64(n);
    }
    if (!strcmp(type, "boolean"))
        return strcmp(word, "true") && strcmp(word, "false")
                   ? NULL
                   : json_object_new_boolean(*word == 't');
    if (!strcmp(type, "string"))
        return json_object_new_string(word);
    if (strcmp(type, "bytes"))
        return NULL;
    o = json_object_new_object();
    json_object_object_add(o, "bytes", json_object_new_string(word));
    return o;
}

static struct json_object *list_of(char **words, int n)
{
    struct json_object *list = json_object_new_array();

    for (int i = 0; i < n; i++)
        json_object_array_add(list, json_object_new_string(words[i]));
    return list;
}

static int do_set(const struct call *c, struct hd_err *err)
{
    const char *type = c->opts.type ? c->opts.type : "string";
    struct json_object *entries, *value;
    bool list = !strcmp(type, "list");

    if (c->argc < 2 || (!list && c->argc > 2))
        return hd_fail(err, HD_E_USAGE, "set takes a key and a value");
    value =
        list ? list_of(c->argv + 1, c->argc - 1) : word_of(type, c->argv[1]);
    if (!value)
        return hd_fail(err, HD_E_USAGE,
                       "\"%.64s\" is no %.16s: string, integer, boolean, bytes "
                       "or list",
                       c->argv[1], type);
    entries = json_object_new_object();
    json_object_object_add(entries, c->argv[0], value);
    return change(c, "set", NULL, entries, err);
}

static int do_remove(const struct call *c, struct hd_err *err)
{
    struct json_object *entries;

    if (!c->argc)
        return hd_fail(err, HD_E_USAGE, "rm takes keys");
    entries = json_object_new_object();
    for (int i = 0; i < c->argc; i++) {
        trim(c->argv[i]);
        json_object_object_add(entries, c->argv[i], NULL);
    }
    return change(c, "set", NULL, entries, err);
}

/* An object as `export` writes it; the caller's. */
static int read_entries(const char *path, struct json_object **ret,
                        struct hd_err *err)
{
    hd_autofree char *text = NULL;
    size_t len;

    if (strcmp(path, "-")
            ? hd_io_read_file(path, FILE_MAX, &text, &len, err)
            : hd_io_read_whole(0, "standard input", FILE_MAX, &text, &len, err))
        return -1;
    *ret = hd_json_read(text, len, 4, HD_E_USAGE, path, err);
    if (!*ret)
        return -1;
    if (strlen(json_object_to_json_string_ext(
            *ret, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)) <=
        ENTRIES_MAX)
        return 0;
    json_object_put(*ret);
    return hd_fail(err, HD_E_LIMIT,
                   "%s has more than %u KiB; import it in the guest, with "
                   "`hotdom-guest registry import`",
                   path, ENTRIES_MAX >> 10);
}

static int do_import(const struct call *c, struct hd_err *err)
{
    struct json_object *entries = NULL;

    if (c->argc != 1)
        return hd_fail(err, HD_E_USAGE, "import takes one file, or -");
    if (read_entries(c->argv[0], &entries, err))
        return -1;
    return change(c, c->opts.replace ? "replace" : "set", c->opts.replace,
                  entries, err);
}

/* ---- watched */

static void show_change(struct json_object *entry, void *ctx)
{
    const struct call *c = ctx;

    hd_show_entry_change(entry, c->opts.json);
}

static int hear_guest(const struct call *c, int64_t *since, struct hd_err *err)
{
    struct json_object *reply, *o = question(c, "changes", c->argv[0]);

    json_object_object_add(o, "since", json_object_new_int64(*since));
    if (call(o, &reply, err))
        return -1;
    if (hd_client_number(reply, "lost"))
        fprintf(stderr, "(%lld more)\n",
                (long long)hd_client_number(reply, "lost"));
    each_entry(reply, show_change, (void *)c);
    *since = hd_client_number(reply, "sequence");
    json_object_put(reply);
    return 0;
}

static void keep(struct json_object *entry, void *map)
{
    json_object_object_add(map, hd_client_text(entry, "key"),
                           json_object_get(entry));
}

/* Nobody numbers what the host says, so all of it is asked for; at first only
 * what it is. */
static int hear_host(const struct call *c, const char *key,
                     struct json_object **told, struct hd_err *err)
{
    struct json_object *now = json_object_new_object();

    if (each(c, "export", key, keep, now, err)) {
        json_object_put(now);
        return -1;
    }
    if (*told)
        hd_show_entry_changes(*told, now, c->opts.json);
    json_object_put(*told);
    *told = now;
    return 0;
}

/* Its agent is asked again and again, so that hotdomd keeps nothing for a guest
 * that nobody watches. */
static int do_watch(const struct call *c, struct hd_err *err)
{
    const char *key = c->argc ? c->argv[0] : "";
    bool guests = !*key || hd_key_is_below(key, "guest");
    const char *const parts[] = {*key ? key : "host", *key ? NULL : "store"};
    struct json_object *told[HD_ARRAY_LEN(parts)] = {NULL};
    int64_t since = 0;
    int rc = take_none_or_one(c, err);

    while (!rc) {
        if (guests)
            rc = hear_guest(c, &since, err);
        for (size_t i = 0; (!*key || !guests) && i < HD_ARRAY_LEN(parts); i++)
            if (!rc && parts[i])
                rc = hear_host(c, parts[i], &told[i], err);
        fflush(stdout);
        if (!rc)
            usleep(WATCH_MS * 1000);
    }
    for (size_t i = 0; i < HD_ARRAY_LEN(told); i++)
        json_object_put(told[i]);
    return -1;
}

/* ---- */

static const struct {
    const char *name;
    int (*run)(const struct call *c, struct hd_err *err);
} verbs[] = {
    {"ls", do_list},       {"get", do_get},     {"set", do_set},
    {"rm", do_remove},     {"watch", do_watch}, {"export", do_export},
    {"import", do_import},
};

int hd_cmd_registry(int argc, char **argv, struct hd_err *err)
{
    struct call c = {0};

    if (hd_registry_options_parse(argc, argv, &c.opts, err))
        return -1;
    for (size_t i = 0; argc - optind > 1 && i < HD_ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, argv[optind + 1]) != 0)
            continue;
        c.guest = argv[optind];
        c.argc = argc - optind - 2;
        c.argv = argv + optind + 2;
        if (c.argc)
            trim(c.argv[0]);
        return verbs[i].run(&c, err);
    }
    return hd_fail(err, HD_E_USAGE,
                   "name a guest, and say ls, get, set, rm, watch, export or "
                   "import");
}
