/* SPDX-License-Identifier: MIT */
/* Writes a large ledger anew, without what is undone, but for that a guest has
 * run; never while it is in use. */
#include "compact.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "../../pv-drivers/base/io.h"

#define SMALL 65536 /* bytes; a guest that restarts 500 times writes that */

static bool is_run(const struct hd_effect *e, const char *guest)
{
    return e->kind == HD_EFFECT_DOMAIN && e->running &&
           !strcmp(e->guest, guest);
}

/* Whoever adopts a store asks who has run since it is here, which the last such
 * domain of each guest says. */
static bool stays(const struct hd_ledger *l, size_t i)
{
    const struct hd_effect *e = &l->effects[i];

    if (!e->undone || !is_run(e, e->guest))
        return !e->undone;
    for (i++; i < l->n; i++)
        if (is_run(&l->effects[i], e->guest))
            return false;
    return true;
}

static void put_effect(FILE *out, const struct hd_effect *e, uint32_t seq)
{
    fprintf(out, HD_LEDGER_TAKEN, seq, hd_ledger_kinds[e->kind], e->guest,
            e->value);
    if (e->domid >= 0)
        fprintf(out, HD_LEDGER_DOMID, seq, (uint32_t)e->domid);
    if (e->running)
        fprintf(out, HD_LEDGER_RUNNING, seq);
    if (e->dumped)
        fprintf(out, HD_LEDGER_DUMPED, seq);
    if (e->quarantined)
        fprintf(out, HD_LEDGER_QUARANTINED, seq);
    if (e->undone)
        fprintf(out, HD_LEDGER_UNDONE, seq);
}

/* What the new file has.  The caller frees it; NULL with errno. */
static char *write_text(const struct hd_ledger *l, size_t *ret_len)
{
    hd_autofree char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);
    uint32_t seq = 0;
    bool bad;

    if (!out)
        return NULL;
    fprintf(out, HD_LEDGER_HEAD, l->head.label, l->head.devname,
            l->head.diskseq);
    for (size_t i = 0; i < l->n; i++)
        if (stays(l, i))
            put_effect(out, &l->effects[i], ++seq);
    bad = ferror(out);
    return fclose(out) || bad ? NULL : hd_steal(&text);
}

/* Locked before anybody can find it by the ledger's name. */
static int write_file(const struct hd_ledger *l, const char *text, size_t len,
                      struct hd_err *err)
{
    hd_autofd int fd = -1;

    /* Of one that was killed. */
    if (unlink(l->beside) && errno != ENOENT)
        return hd_fail_errno(err, HD_E_IO, "cannot remove %s", l->beside);
    fd =
        open(l->beside, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
        return hd_fail_errno(err, HD_E_IO, "cannot make %s", l->beside);
    if (hd_io_write(fd, text, len, err))
        return hd_wrap(err, "%s", l->beside);
    /* No fsync: a reboot forgets the folder whole. */
    if (rename(l->beside, l->path))
        return hd_fail_errno(err, HD_E_IO, "cannot replace %s", l->path);
    return hd_steal_fd(&fd);
}

/* In place: stays() looks at none in front of `i`. */
static void forget_others(struct hd_ledger *l)
{
    size_t left = 0;

    for (size_t i = 0; i < l->n; i++) {
        if (!stays(l, i))
            continue;
        l->effects[left] = l->effects[i];
        l->effects[left].seq = (uint32_t)left + 1;
        left++;
    }
    l->n = left;
}

int hd_ledger_compact(struct hd_ledger *l, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    size_t len;
    int fd;

    if (l->whole <= SMALL)
        return 0;
    text = write_text(l, &len);
    if (!text)
        return hd_fail_errno(err, HD_E_FAILED, "make a ledger smaller");
    if ((off_t)len > l->whole / 2)
        return 0;
    fd = write_file(l, text, len, err);
    if (fd < 0) {
        unlink(l->beside);
        return -1;
    }
    close(l->fd);
    l->fd = fd;
    l->whole = (off_t)len;
    forget_others(l);
    return 0;
}
