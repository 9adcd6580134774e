/* SPDX-License-Identifier: MIT */
/* The requests that begin a session and make fids: version, attach, walk; opens
 * nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "handler.h"

#define VERSION  "9P2000.L"
#define MAX_WALK 16 /* names of one Twalk: MAXWELEM of the protocol */

int hd_9p_version(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    uint32_t msize = (uint32_t)hd_9p_get(in, 4);
    char name[HD_9P_NAME];
    bool known;

    hd_9p_get_name(in, name);
    if (hd_9p_whole(in) || msize < HD_9P_MSIZE_MIN)
        return EPROTO;
    known = !strcmp(name, VERSION);
    hd_9p_fids_drop(&s->fids);
    s->msize = !known ? 0 : msize < HD_9P_MSIZE ? msize : HD_9P_MSIZE;
    hd_9p_put(out, known ? s->msize : msize, 4);
    hd_9p_put_text(out, known ? VERSION : "unknown",
                   strlen(known ? VERSION : "unknown"));
    return 0;
}

/* Whoever asks is the guest; what it may see is not decided by its users. */
int hd_9p_attach(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    uint32_t id = (uint32_t)hd_9p_get(in, 4);
    struct stat st;
    int rc;

    (void)hd_9p_get(in, 4); /* afid */
    hd_9p_skip_text(in);    /* uname */
    hd_9p_skip_text(in);    /* aname */
    (void)hd_9p_get(in, 4); /* n_uname */
    rc = hd_9p_whole(in);
    if (!rc)
        rc = hd_tree_stat(s->tree, "/", &st);
    if (!rc)
        rc = hd_9p_fid_make(&s->fids, id, "/");
    if (!rc)
        hd_9p_put_qid_of(out, &st);
    return rc;
}

/* ".." of the root is the root. */
static int step(char path[HD_9P_PATH], const char *name)
{
    size_t len = strlen(path), more = strlen(name);

    if (!strcmp(name, "."))
        return ENOENT;
    if (!strcmp(name, "..")) {
        char *slash = strrchr(path, '/');

        slash[slash == path] = '\0';
        return 0;
    }
    if (len + more + 2 > HD_9P_PATH)
        return ENAMETOOLONG;
    if (len > 1)
        path[len++] = '/';
    memcpy(path + len, name, more + 1);
    return 0;
}

/* As many of the names as there are; an error only when the first is none. */
static int walk_names(struct hd_9p *s, char path[HD_9P_PATH],
                      struct hd_9p_in *in, uint16_t n, struct hd_9p_out *out,
                      uint16_t *ret_done)
{
    char name[HD_9P_NAME];
    struct stat st;
    int rc = 0;

    *ret_done = 0;
    for (uint16_t i = 0; i < n; i++) {
        hd_9p_get_name(in, name);
        if (in->bad)
            return EPROTO;
        if (!rc)
            rc = step(path, name);
        if (!rc)
            hd_9p_told(s, path, false);
        if (!rc)
            rc = hd_tree_stat(s->tree, path, &st);
        if (!rc) {
            hd_9p_put_qid_of(out, &st);
            (*ret_done)++;
        }
    }
    return *ret_done ? 0 : rc;
}

int hd_9p_walk(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    char path[HD_9P_PATH];
    size_t count = out->len;
    uint16_t n, done = 0;
    uint32_t new_id;
    struct hd_9p_fid *f;
    int rc;

    f = hd_9p_get_fid(s, in, &rc);
    new_id = (uint32_t)hd_9p_get(in, 4);
    n = (uint16_t)hd_9p_get(in, 2);
    if (in->bad || n > MAX_WALK)
        return EPROTO;
    if (!f)
        return rc;
    if (f->open && n)
        return EBUSY;
    strcpy(path, f->path);
    hd_9p_put(out, 0, 2);
    rc = walk_names(s, path, in, n, out, &done);
    if (!rc)
        rc = hd_9p_whole(in);
    if (rc)
        return rc;
    hd_9p_put_at(out, count, done, 2);
    if (done < n)
        return 0;
    if (new_id != f->id)
        return hd_9p_fid_make(&s->fids, new_id, path);
    return n ? hd_9p_fid_move(&s->fids, f, path) : 0;
}
