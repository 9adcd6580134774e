/* SPDX-License-Identifier: MIT */
/* Whose trace a line of a snapshot is; pure: it looks at nothing but text. */
#include "trace.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/server.h"
#include "loop.h"

struct name {
    char kind[8];
    char value[128];
};

struct hd_trace {
    struct name *names;
    size_t n;
};

/* `text` goes on with `tail` behind `at`, and ends there or at a slash. */
static bool is_below(const char *at, const char *prefix, const char *domid)
{
    size_t len = strlen(prefix);

    if (strncmp(at, prefix, len))
        return false;
    at += len;
    len = strlen(domid);
    return !strncmp(at, domid, len) && (!at[len] || at[len] == '/');
}

/* dom0's own nodes of a guest: /local/domain/0/backend/CLASS/DOMID and
 * /local/domain/0/device-model/DOMID. */
static bool is_node_of(const char *path, const char *domid)
{
    static const char backend[] = "/local/domain/0/backend/";
    const char *class_end;

    if (is_below(path, "/local/domain/", domid) ||
        is_below(path, "/libxl/", domid) ||
        is_below(path, "/local/domain/0/device-model/", domid))
        return true;
    if (strncmp(path, backend, sizeof(backend) - 1))
        return false;
    class_end = strchr(path + sizeof(backend) - 1, '/');
    return class_end && is_below(class_end, "/", domid);
}

/* "netdev NAME", and its ports, "port NAME/PORT". */
static bool matches_bridge(const char *line, const char *name)
{
    size_t len = strlen(name);

    if (!strncmp(line, "netdev ", 7))
        return !strcmp(line + 7, name);
    return !strncmp(line, "port ", 5) && !strncmp(line + 5, name, len) &&
           line[5 + len] == '/';
}

/* "vifDOMID.N", alone or as "BRIDGE/vifDOMID.N". */
static bool is_vif_of(const char *value, const char *domid)
{
    const char *slash = strrchr(value, '/');
    char prefix[24];

    snprintf(prefix, sizeof(prefix), "vif%.16s.", domid);
    return !strncmp(slash ? slash + 1 : value, prefix, strlen(prefix));
}

static bool matches_domid(const char *line, const char *domid)
{
    const char *value = strchr(line, ' ');
    const char *last = strrchr(line, ' ');

    if (!value)
        return false;
    value++;
    if (!strncmp(line, "xenstore ", 9))
        return is_node_of(value, domid);
    if (!strncmp(line, "netdev ", 7) || !strncmp(line, "port ", 5))
        return is_vif_of(value, domid);
    /* "domain UUID DOMID" */
    return !strncmp(line, "domain ", 7) && !strcmp(last + 1, domid);
}

static bool matches_file(const char *line, const char *path)
{
    return !strncmp(line, "file ", 5) && !strcmp(line + 5, path);
}

/* Its lock, and the socket beside that. */
static bool matches_server(const char *line, const char *path)
{
    char control[sizeof(((struct name *)NULL)->value) +
                 sizeof(HD_SERVER_CONTROL)];

    snprintf(control, sizeof(control), "%s" HD_SERVER_CONTROL, path);
    return matches_file(line, path) || matches_file(line, control);
}

/* Of a store in a file: its disk, and the mark of that. */
static bool matches_loop(const char *line, const char *name)
{
    size_t len = strlen(name);
    char mark[HD_LOOP_MARK_SIZE];

    hd_loop_mark(name, mark);
    return matches_file(line, mark) ||
           (!strncmp(line, "loop ", 5) && !strncmp(line + 5, name, len) &&
            line[5 + len] == ' ');
}

static bool matches(const struct name *name, const char *line)
{
    if (!strcmp(name->kind, "domid"))
        return matches_domid(line, name->value);
    if (!strcmp(name->kind, "bridge"))
        return matches_bridge(line, name->value);
    if (!strcmp(name->kind, "file"))
        return matches_file(line, name->value);
    if (!strcmp(name->kind, "loop"))
        return matches_loop(line, name->value);
    if (!strcmp(name->kind, "server"))
        return matches_server(line, name->value);
    return strstr(line, name->value);
}

struct hd_trace *hd_trace_new(void)
{
    return calloc(1, sizeof(struct hd_trace));
}

void hd_trace_free(struct hd_trace *trace)
{
    if (!trace)
        return;
    free(trace->names);
    free(trace);
}

int hd_trace_add(struct hd_trace *trace, const char *kind, const char *value)
{
    struct name *grown, *name;

    if (strcmp(kind, "dm") && strcmp(kind, "domain") && strcmp(kind, "domid") &&
        strcmp(kind, "bridge") && strcmp(kind, "pci") &&
        strcmp(kind, "server") && strcmp(kind, "file") && strcmp(kind, "loop"))
        return 0;
    if (!*value || strlen(value) >= sizeof(name->value))
        return 0;
    grown = reallocarray(trace->names, trace->n + 1, sizeof(*grown));
    if (!grown)
        return -1;
    trace->names = grown;
    name = &grown[trace->n++];
    strcpy(name->kind, kind);
    strcpy(name->value, value);
    return 0;
}

int hd_trace_add_text(struct hd_trace *trace, const char *text)
{
    const char *end;

    /* A torn last line is not there. */
    for (; (end = strchr(text, '\n')); text = end + 1) {
        char kind[8], value[128];

        if (end - text < 136 &&
            sscanf(text, "%7s %127[^ \n]", kind, value) == 2 &&
            hd_trace_add(trace, kind, value))
            return -1;
    }
    return 0;
}

bool hd_trace_matches(const struct hd_trace *trace, const char *line)
{
    for (size_t i = 0; i < trace->n; i++) {
        if (matches(&trace->names[i], line))
            return true;
    }
    return false;
}

bool hd_trace_has(const struct hd_trace *trace, const char *kind,
                  const char *value)
{
    for (size_t i = 0; i < trace->n; i++)
        if (!strcmp(trace->names[i].kind, kind) &&
            !strcmp(trace->names[i].value, value))
            return true;
    return false;
}
