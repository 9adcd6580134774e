/* SPDX-License-Identifier: MIT */
/* hotdom-guest registry: looks at the registry and changes it; needs no agent
 * that runs. */
#include "registry_cmd.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/registry_options.h"
#include "entry_json.h"
#include "paths.h"
#include "registry_lines.h"
#include "registry_show.h"
#include "registry_watch.h"
#include "respond.h"
#include "value_words.h"

#define IMPORT_MAX (16u << 20) /* bytes of a file */

struct call {
    const char *dir;
    struct hd_xsdev *x;    /* or NULL: no host says anything */
    struct hd_err no_host; /* and why */
    struct hd_regcall ask;
    struct hd_entries bytes; /* of the answer */
    struct hd_entries sent;  /* of the request */
    struct hd_reganswer answer;
    struct hd_registry_options opts;
    int argc; /* behind the verb */
    char **argv;
};

/* What is the guest's own is there all the same, and what is the host's is not
 * to be written whether it is there or not. */
static int need_host(const struct call *c, struct hd_err *err)
{
    const char *key = c->ask.key;
    bool writes =
        c->ask.op == HD_REGCALL_SET || c->ask.op == HD_REGCALL_REPLACE;

    if (c->x || writes || !*key ||
        !(hd_key_is_below(key, "host") || hd_key_is_below(key, "store")))
        return 0;
    *err = c->no_host;
    return -1;
}

static int ask(struct call *c, struct hd_err *err)
{
    if (need_host(c, err))
        return -1;
    c->bytes.used = 0;
    c->ask.entries = c->sent.data;
    c->ask.len = c->sent.used;
    return hd_respond_call(c->dir, c->x, &c->ask, &c->bytes, &c->answer, err);
}

static int take_key(struct call *c, const char *key, struct hd_err *err)
{
    size_t len = strlen(key);

    /* As ls shows a folder. */
    len -= len > 1 && key[len - 1] == '/';
    if (len >= HD_KEY_SIZE)
        return hd_fail(err, HD_E_USAGE, "the key is too long");
    memcpy(c->ask.key, key, len);
    c->ask.key[len] = '\0';
    return !len || hd_key_is_valid(c->ask.key)
               ? 0
               : hd_fail(err, HD_E_USAGE, "\"%.64s\" is no key", key);
}

/* All there is when none is named. */
static int take_any_key(struct call *c, struct hd_err *err)
{
    if (c->argc > 1)
        return hd_fail(err, HD_E_USAGE, "it takes one key at most");
    return c->argc ? take_key(c, c->argv[0], err) : 0;
}

/* ---- shown */

/* Each answer's entries, until there is no more; what changes meanwhile makes
 * them no whole. */
static int each(struct call *c,
                void (*fn)(const struct hd_entry *e, const char **before),
                struct hd_err *err)
{
    const char *before = "\n";
    uint64_t sequence = 0;
    struct hd_entry e;

    do {
        if (ask(c, err))
            return -1;
        if (*c->ask.from && sequence != c->answer.sequence)
            return hd_fail(err, HD_E_BUSY,
                           "the registry has changed meanwhile; try again");
        sequence = c->answer.sequence;
        while (hd_entries_next(&c->answer.entries, &c->answer.len, &e, NULL) >
               0)
            fn(&e, &before);
        strcpy(c->ask.from, c->answer.from);
    } while (*c->ask.from);
    return 0;
}

static void show_name(const struct hd_entry *e, const char **before)
{
    (void)before;
    puts(e->key);
}

static void show_json_name(const struct hd_entry *e, const char **before)
{
    printf("%s  \"%s\"", *before, e->key);
    *before = ",\n";
}

static int do_list(struct call *c, struct hd_err *err)
{
    int rc;

    if (take_any_key(c, err))
        return -1;
    if (!c->opts.json)
        return each(c, show_name, err);
    putchar('[');
    rc = each(c, show_json_name, err);
    puts("\n]");
    return rc;
}

static int do_get(struct call *c, struct hd_err *err)
{
    struct hd_entry e;

    if (c->argc != 1)
        return hd_fail(err, HD_E_USAGE,
                       "get takes one key, or - for those of standard input");
    if (!strcmp(c->argv[0], "-"))
        return hd_registry_lines(c->dir, c->x, &c->no_host, 0, stdout, err);
    if (take_key(c, c->argv[0], err) || ask(c, err))
        return -1;
    if (hd_entries_next(&c->answer.entries, &c->answer.len, &e, err) <= 0)
        return -1;
    if (c->opts.json)
        hd_registry_show_entry(&e, stdout);
    else
        hd_registry_show_value(&e.value, stdout);
    return 0;
}

static void show_export(const struct hd_entry *e, const char **before)
{
    printf("%s  \"%s\": ", *before, e->key);
    hd_entry_json_value(&e->value, stdout);
    *before = ",\n";
}

/* Complete, or it is no object. */
static int do_export(struct call *c, struct hd_err *err)
{
    if (take_any_key(c, err))
        return -1;
    putchar('{');
    if (each(c, show_export, err))
        return -1;
    puts("\n}");
    return 0;
}

/* ---- changed */

static int do_set(struct call *c, struct hd_err *err)
{
    if (c->argc < 2)
        return hd_fail(err, HD_E_USAGE, "set takes a key and a value");
    if (take_key(c, c->argv[0], err))
        return -1;
    return hd_value_words_add(
               c->ask.key, c->opts.type ? c->opts.type : "string", c->argv + 1,
               (size_t)c->argc - 1, &c->sent, err) ||
                   ask(c, err)
               ? -1
               : 0;
}

static int do_remove(struct call *c, struct hd_err *err)
{
    const struct hd_value none = {.type = HD_VALUE_NONE};

    if (!c->argc)
        return hd_fail(err, HD_E_USAGE, "rm takes keys");
    for (int i = 0; i < c->argc; i++)
        if (take_key(c, c->argv[i], err) ||
            hd_entries_add(&c->sent, c->ask.key, &none, err))
            return -1;
    *c->ask.key = '\0';
    return ask(c, err);
}

static int do_import(struct call *c, struct hd_err *err)
{
    const char *path = c->argc == 1 ? c->argv[0] : "";
    hd_autofree char *text = NULL;
    size_t len;

    if (!*path)
        return hd_fail(err, HD_E_USAGE, "import takes one file, or -");
    if (c->opts.replace) {
        c->ask.op = HD_REGCALL_REPLACE;
        if (take_key(c, c->opts.replace, err))
            return -1;
    }
    if (strcmp(path, "-") ? hd_io_read_file(path, IMPORT_MAX, &text, &len, err)
                          : hd_io_read_whole(0, "standard input", IMPORT_MAX,
                                             &text, &len, err))
        return -1;
    return hd_entry_json_parse(text, len, &c->sent, err) || ask(c, err) ? -1
                                                                        : 0;
}

static int do_watch(struct call *c, struct hd_err *err)
{
    if (take_any_key(c, err) || need_host(c, err))
        return -1;
    return hd_registry_watch(c->dir, c->x, c->ask.key, c->opts.json, err);
}

/* ---- where a name leads */

static int do_resolve(struct call *c, struct hd_err *err)
{
    struct hd_registry_place place = {0};
    const char *name = c->argc == 1 ? c->argv[0] : "";
    struct hd_entry e;

    if (c->argc != 1)
        return hd_fail(err, HD_E_USAGE, "resolve takes one name");
    if (!hd_key_is_valid(name) || strchr(name, '/') || strlen(name) > 64)
        return hd_fail(err, HD_E_USAGE, "\"%.64s\" is no name", name);
    snprintf(c->ask.key, sizeof(c->ask.key), "host/map/%s", name);
    if (ask(c, err))
        return -1;
    if (!c->answer.len)
        return hd_fail(err, HD_E_FAILED,
                       "the map has no %s; see `hotdom-guest registry ls "
                       "host/map`",
                       name);
    while (hd_entries_next(&c->answer.entries, &c->answer.len, &e, NULL) > 0)
        hd_registry_show_take(&e, &place);
    hd_registry_show_place(name, &place, c->opts.json, stdout);
    return 0;
}

/* ---- */

static const struct {
    const char *name;
    enum hd_regcall_op op;
    int (*run)(struct call *c, struct hd_err *err);
} verbs[] = {
    {"ls", HD_REGCALL_LIST, do_list},
    {"get", HD_REGCALL_GET, do_get},
    {"set", HD_REGCALL_SET, do_set},
    {"rm", HD_REGCALL_SET, do_remove},
    {"watch", HD_REGCALL_CHANGES, do_watch},
    {"export", HD_REGCALL_EXPORT, do_export},
    {"import", HD_REGCALL_SET, do_import},
    {"resolve", HD_REGCALL_EXPORT, do_resolve},
};

static int run(struct call *c, const char *verb, struct hd_err *err)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, verb) != 0)
            continue;
        c->ask.op = verbs[i].op;
        return verbs[i].run(c, err);
    }
    return hd_fail(err, HD_E_USAGE,
                   "say ls, get, set, rm, watch, export, import or resolve");
}

int hd_registry_cmd_at(const char *dir, struct hd_xsdev *x,
                       const struct hd_err *no_x, int argc, char **argv,
                       struct hd_err *err)
{
    struct call c = {.dir = dir,
                     .x = x,
                     .bytes = {.max = HD_REGCALL_ANSWER_MAX},
                     .sent = {.max = IMPORT_MAX}};
    int rc;

    if (!x) {
        c.no_host = *no_x;
        (void)hd_wrap(&c.no_host,
                      "the host's part of the registry cannot be read");
    }
    rc = hd_registry_options_parse(argc, argv, &c.opts, err);
    c.argc = argc - optind - 1;
    c.argv = argv + optind + 1;
    if (!rc)
        rc = run(&c, c.argc >= 0 ? c.argv[-1] : "", err);
    hd_entries_fini(&c.bytes);
    hd_entries_fini(&c.sent);
    return rc;
}

int hd_registry_cmd(int argc, char **argv, struct hd_err *err)
{
    hd_auto(hd_xsdev) x = NULL;
    struct hd_err why = {0};

    /* Without one there is guest/ still. */
    (void)hd_xsdev_open(&x, &why);
    return hd_registry_cmd_at(HD_GUEST_REGISTRY, x, &why, argc, argv, err);
}
