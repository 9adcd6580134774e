/* SPDX-License-Identifier: MIT */
/* Reads the lines of a ledger; never writes one. */
#include "replay.h"

#include <string.h>

#include "../../pv-drivers/base/io.h"

/* As much as it may have grown where it could not be made smaller. */
#define MAX_BYTES (1 << 22)

const char *const hd_ledger_kinds[HD_EFFECT_KINDS] = {
    [HD_EFFECT_DM] = "dm",         [HD_EFFECT_DOMAIN] = "domain",
    [HD_EFFECT_BRIDGE] = "bridge", [HD_EFFECT_PORT] = "port",
    [HD_EFFECT_PCI] = "pci",       [HD_EFFECT_SERVER] = "server",
    [HD_EFFECT_DEVICE] = "device", [HD_EFFECT_LEAVING] = "leaving",
};

struct hd_effect *hd_ledger_by_seq(struct hd_ledger *l, uint32_t seq)
{
    /* They are numbered from 1 in the order in which they were taken. */
    return seq >= 1 && seq <= l->n ? &l->effects[seq - 1] : NULL;
}

struct hd_effect *hd_ledger_add(struct hd_ledger *l)
{
    struct hd_effect *grown =
        realloc(l->effects, (l->n + 1) * sizeof(*l->effects));

    if (!grown)
        return NULL;
    l->effects = grown;
    grown[l->n] = (struct hd_effect){.seq = (uint32_t)l->n + 1, .domid = -1};
    return &grown[l->n++];
}

/* Copies a blank-ended word; NULL when there is none or no room. */
static const char *word(const char *at, char *buf, size_t size)
{
    size_t len = strcspn(at, " ");

    if (!len || len >= size)
        return NULL;
    memcpy(buf, at, len);
    buf[len] = '\0';
    return at[len] ? at + len + 1 : at + len;
}

static const char *number(const char *at, uint64_t max, uint64_t *ret)
{
    char text[24], *end;

    at = word(at, text, sizeof(text));
    if (!at || text[0] < '0' || text[0] > '9')
        return NULL;
    errno = 0;
    *ret = strtoull(text, &end, 10);
    return errno || *end || *ret > max ? NULL : at;
}

static bool replay_head(struct hd_ledger *l, const char *at)
{
    static const char magic[] = HD_LEDGER_MAGIC;

    if (strncmp(at, magic, sizeof(magic) - 1))
        return false;
    at += sizeof(magic) - 1;
    return (at = word(at, l->head.label, sizeof(l->head.label))) &&
           (at = word(at, l->head.devname, sizeof(l->head.devname))) &&
           (at = number(at, UINT64_MAX, &l->head.diskseq)) && !*at;
}

static bool replay_take(struct hd_ledger *l, const char *at, uint64_t seq)
{
    struct hd_effect *e = seq == l->n + 1 ? hd_ledger_add(l) : NULL;
    char kind[16];

    if (!e || !(at = word(at, kind, sizeof(kind))))
        return false;
    while (e->kind < HD_EFFECT_KINDS && strcmp(hd_ledger_kinds[e->kind], kind))
        e->kind++;
    return e->kind < HD_EFFECT_KINDS &&
           (at = word(at, e->guest, sizeof(e->guest))) &&
           (at = word(at, e->value, sizeof(e->value))) && !*at;
}

static bool replay_state(struct hd_effect *e, const char *at)
{
    uint64_t domid;

    if (!strcmp(at, "running")) {
        e->running = true;
        return true;
    }
    if (!strcmp(at, "dumped")) {
        e->dumped = true;
        return true;
    }
    if (!strcmp(at, "quarantined")) {
        e->quarantined = true;
        return true;
    }
    if (strncmp(at, "domid:", 6) || !(at = number(at + 6, INT32_MAX, &domid)))
        return false;
    e->domid = (int32_t)domid;
    return !*at;
}

/* Undoing twice is no error: the job may have died before it knew. */
static bool replay_line(struct hd_ledger *l, const char *line)
{
    struct hd_effect *e;
    uint64_t seq;
    const char *at;

    if (!line[0] || line[1] != ' ')
        return false;
    at = number(line + 2, UINT32_MAX, &seq);
    if (!at)
        return false;
    if (line[0] == '+')
        return replay_take(l, at, seq);
    e = hd_ledger_by_seq(l, (uint32_t)seq);
    if (!e)
        return false;
    if (line[0] == '=')
        return replay_state(e, at);
    e->undone = true;
    return line[0] == '-' && !*at;
}

int hd_ledger_replay(struct hd_ledger *l, int fd, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    char *line, *end;
    size_t len;
    int lines = 0;

    if (hd_io_read_whole(fd, l->path, MAX_BYTES, &text, &len, err))
        return -1;
    for (line = text; (end = memchr(line, '\n', (size_t)(text + len - line)));
         line = end + 1) {
        bool ok;

        *end = '\0';
        ok = lines++ ? replay_line(l, line) : replay_head(l, line);
        if (!ok)
            return hd_fail(err, HD_E_FAILED, "line %d of the ledger %s is bad",
                           lines, l->path);
    }
    if (!lines)
        return hd_fail(err, HD_E_FAILED, "the ledger %s is empty", l->path);
    l->whole = line - text;
    return 0;
}
