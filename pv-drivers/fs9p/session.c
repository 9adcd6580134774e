/* SPDX-License-Identifier: MIT */
/* Dispatches 9P2000.L requests; every number in them is the guest's word. */
#include "session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handler.h"

#define RLERROR   7
#define STAT_MASK 0x7ff      /* P9_STATS_BASIC */
#define MAGIC     0x01021997 /* V9FS_MAGIC */
#define BLOCK     4096

struct hd_9p *hd_9p_new(const struct hd_tree *tree)
{
    struct hd_9p *s = calloc(1, sizeof(*s));

    if (s)
        s->tree = tree;
    return s;
}

void hd_9p_changed(struct hd_9p *s)
{
    hd_9p_fids_recheck(&s->fids, s->tree);
}

void hd_9p_tell(struct hd_9p *s, hd_9p_tell_fn *tell, void *context)
{
    s->tell = tell;
    s->context = context;
}

void hd_9p_told(const struct hd_9p *s, const char *path, bool opened)
{
    if (s->tell)
        s->tell(s->context, path, hd_tables_decide(s->tree->tables, path),
                opened);
}

void hd_9p_free(struct hd_9p *s)
{
    if (s)
        hd_9p_fids_drop(&s->fids);
    free(s);
}

void hd_9p_put_qid(struct hd_9p_out *out, mode_t mode, uint64_t id)
{
    hd_9p_put(out, S_ISDIR(mode) ? 0x80 : S_ISLNK(mode) ? 0x02 : 0, 1);
    hd_9p_put(out, 0, 4);
    hd_9p_put(out, id, 8);
}

void hd_9p_put_qid_of(struct hd_9p_out *out, const struct stat *st)
{
    hd_9p_put_qid(out, st->st_mode, hd_tree_id(st));
}

int hd_9p_whole(const struct hd_9p_in *in)
{
    return in->bad || in->left ? EPROTO : 0;
}

struct hd_9p_fid *hd_9p_get_fid(struct hd_9p *s, struct hd_9p_in *in,
                                int *ret_rc)
{
    struct hd_9p_fid *f = hd_9p_fid_find(&s->fids, (uint32_t)hd_9p_get(in, 4));

    *ret_rc = in->bad ? EPROTO : f ? 0 : EBADF;
    return in->bad ? NULL : f;
}

/* What is open is itself, also when its name is gone or another's by now, and
 * stale when it is not given any more: what its path leads to is no answer. */
static int stat_of(const struct hd_9p *s, const struct hd_9p_fid *f,
                   struct stat *ret)
{
    if (f->stale)
        return ESTALE;
    return f->open && f->fd >= 0 ? hd_tree_stat_open(f->fd, ret)
                                 : hd_tree_stat(s->tree, f->path, ret);
}

static int lopen(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    hd_autofd int fd = -1;
    int rc;
    struct hd_9p_fid *f = hd_9p_get_fid(s, in, &rc);
    uint32_t flags = (uint32_t)hd_9p_get(in, 4);
    struct stat st;

    if (hd_9p_whole(in) || !f)
        return f ? EPROTO : rc;
    /* P9_DOTL_* are the numbers of Linux on x86. */
    if (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND))
        return EROFS;
    if (f->open)
        return EBUSY;
    if (s->fids.n_open >= HD_9P_MAX_OPEN)
        return ENFILE;
    hd_9p_told(s, f->path, true);
    rc = hd_tree_open(s->tree, f->path, &fd);
    if (!rc)
        rc = fd < 0 ? hd_tree_stat(s->tree, f->path, &st)
                    : hd_tree_stat_open(fd, &st);
    if (rc)
        return rc;
    f->open = true;
    s->fids.n_open += fd >= 0;
    f->fd = hd_steal_fd(&fd);
    hd_9p_put_qid_of(out, &st);
    hd_9p_put(out, 0, 4); /* iounit: as much as a message takes */
    return 0;
}

static void put_time(struct hd_9p_out *out, const struct timespec *t)
{
    hd_9p_put(out, (uint64_t)t->tv_sec, 8);
    hd_9p_put(out, (uint64_t)t->tv_nsec, 8);
}

static int get_attr(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    int rc;
    struct hd_9p_fid *f = hd_9p_get_fid(s, in, &rc);
    struct stat st;

    (void)hd_9p_get(in, 8); /* what it wants: it is given all there is */
    if (hd_9p_whole(in) || !f)
        return f ? EPROTO : rc;
    rc = stat_of(s, f, &st);
    if (rc)
        return rc;
    hd_9p_put(out, STAT_MASK, 8);
    hd_9p_put_qid_of(out, &st);
    hd_9p_put(out, st.st_mode, 4);
    hd_9p_put(out, st.st_uid, 4);
    hd_9p_put(out, st.st_gid, 4);
    hd_9p_put(out, st.st_nlink, 8);
    hd_9p_put(out, 0, 8); /* a device's number */
    hd_9p_put(out, (uint64_t)st.st_size, 8);
    hd_9p_put(out, (uint64_t)st.st_blksize, 8);
    hd_9p_put(out, (uint64_t)st.st_blocks, 8);
    put_time(out, &st.st_atim);
    put_time(out, &st.st_mtim);
    put_time(out, &st.st_ctim);
    for (int i = 0; i < 4; i++) /* btime, gen, data_version */
        hd_9p_put(out, 0, 8);
    return 0;
}

static int readlink_(struct hd_9p *s, struct hd_9p_in *in,
                     struct hd_9p_out *out)
{
    int rc;
    struct hd_9p_fid *f = hd_9p_get_fid(s, in, &rc);
    char text[HD_9P_PATH];
    size_t len;

    if (hd_9p_whole(in) || !f)
        return f ? EPROTO : rc;
    rc = hd_tree_readlink(s->tree, f->path, text, sizeof(text), &len);
    if (!rc)
        hd_9p_put_text(out, text, len);
    return rc;
}

/* How much of `count` bytes the reply has room for, behind their number. */
static uint32_t bounded(const struct hd_9p *s, const struct hd_9p_out *out,
                        uint64_t count)
{
    size_t most = s->msize - out->len;

    return (uint32_t)(count < most ? count : most);
}

static int read_(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    int rc;
    struct hd_9p_fid *f = hd_9p_get_fid(s, in, &rc);
    uint64_t offset = hd_9p_get(in, 8), count = hd_9p_get(in, 4);
    ssize_t n;

    if (hd_9p_whole(in) || !f)
        return f ? EPROTO : rc;
    if (!f->open || f->fd < 0)
        return !f->open ? EBADF : f->stale ? ESTALE : EISDIR;
    hd_9p_put(out, 0, 4);
    n = offset > INT64_MAX ? 0
                           : pread(f->fd, out->buf + out->len,
                                   bounded(s, out, count), (off_t)offset);
    if (n < 0)
        return errno;
    hd_9p_put_at(out, out->len - 4, (uint64_t)n, 4);
    out->len += (size_t)n;
    return 0;
}

/* Entries until one has no room. */
static bool put_entry(void *context, const struct hd_tree_entry *e)
{
    struct hd_9p_out *out = context;
    size_t before = out->len;

    hd_9p_put_qid(out, DTTOIF(e->type), e->inode);
    hd_9p_put(out, e->offset, 8);
    hd_9p_put(out, e->type, 1);
    hd_9p_put_text(out, e->name, strlen(e->name));
    if (out->full)
        out->len = before;
    return !out->full;
}

static int readdir_(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    int rc;
    struct hd_9p_fid *f = hd_9p_get_fid(s, in, &rc);
    uint64_t offset = hd_9p_get(in, 8), count = hd_9p_get(in, 4);
    struct hd_9p_out list;

    if (hd_9p_whole(in) || !f)
        return f ? EPROTO : rc;
    if (!f->open || f->stale)
        return f->open ? ESTALE : EBADF;
    hd_9p_put(out, 0, 4);
    list = (struct hd_9p_out){.buf = out->buf + out->len,
                              .size = bounded(s, out, count)};
    rc = hd_tree_list(s->tree, f->path, f->fd, offset, put_entry, &list);
    if (rc)
        return rc;
    if (list.full && !list.len)
        return EINVAL;
    hd_9p_put_at(out, out->len - 4, list.len, 4);
    out->len += list.len;
    return 0;
}

static int statfs_(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    int rc;
    struct hd_9p_fid *f = hd_9p_get_fid(s, in, &rc);

    if (hd_9p_whole(in) || !f)
        return f ? EPROTO : rc;
    hd_9p_put(out, MAGIC, 4);
    hd_9p_put(out, BLOCK, 4);
    for (int i = 0; i < 6; i++) /* blocks and files, and how many are free */
        hd_9p_put(out, 0, 8);
    hd_9p_put(out, HD_9P_NAME - 1, 4);
    return 0;
}

static int clunk(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    int rc;
    struct hd_9p_fid *f = hd_9p_get_fid(s, in, &rc);

    (void)out;
    if (hd_9p_whole(in) || !f)
        return f ? EPROTO : rc;
    hd_9p_fid_drop(&s->fids, f);
    return 0;
}

/* Removing fails, and ends the fid all the same. */
static int remove_(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    int rc = clunk(s, in, out);

    return rc ? rc : EROFS;
}

/* What it would flush is done. */
static int flush(struct hd_9p *s, struct hd_9p_in *in, struct hd_9p_out *out)
{
    (void)s, (void)out;
    (void)hd_9p_get(in, 2);
    return hd_9p_whole(in);
}

static int refuse_write(struct hd_9p *s, struct hd_9p_in *in,
                        struct hd_9p_out *out)
{
    (void)s, (void)in, (void)out;
    return EROFS;
}

/* By the type of the request; its reply's is one more.  What is not here is
 * answered EOPNOTSUPP: authentication, extended attributes, locks. */
static hd_9p_handler *const handlers[] = {
    [8] = statfs_,
    [12] = lopen,
    [14] = refuse_write /* create */,
    [16] = refuse_write /* symlink */,
    [18] = refuse_write /* mknod */,
    [20] = refuse_write /* rename */,
    [22] = readlink_,
    [24] = get_attr,
    [26] = refuse_write /* setattr */,
    [32] = refuse_write /* xattrcreate */,
    [40] = readdir_,
    [50] = refuse_write /* fsync */,
    [70] = refuse_write /* link */,
    [72] = refuse_write /* mkdir */,
    [74] = refuse_write /* renameat */,
    [76] = refuse_write /* unlinkat */,
    [100] = hd_9p_version,
    [104] = hd_9p_attach,
    [108] = flush,
    [110] = hd_9p_walk,
    [116] = read_,
    [118] = refuse_write /* write */,
    [120] = clunk,
    [122] = remove_,
};

static int handle(struct hd_9p *s, uint8_t type, struct hd_9p_in *in,
                  struct hd_9p_out *out)
{
    int rc;

    if (type >= HD_ARRAY_LEN(handlers) || !handlers[type])
        return EOPNOTSUPP;
    if (!s->msize && handlers[type] != hd_9p_version)
        return EPROTO;
    rc = handlers[type](s, in, out);
    return rc ? rc : out->full ? EMSGSIZE : 0;
}

static void put_header(struct hd_9p_out *out, uint8_t type, uint16_t tag)
{
    out->len = 0;
    hd_9p_put(out, 0, 4);
    hd_9p_put(out, type, 1);
    hd_9p_put(out, tag, 2);
}

ssize_t hd_9p_answer(struct hd_9p *s, const void *request, size_t len,
                     uint8_t *reply)
{
    struct hd_9p_in in = {request, len, false};
    struct hd_9p_out out = {.buf = reply, .size = HD_9P_MSIZE};
    uint64_t size = hd_9p_get(&in, 4);
    uint8_t type = (uint8_t)hd_9p_get(&in, 1);
    uint16_t tag = (uint16_t)hd_9p_get(&in, 2);
    int rc;

    if (in.bad || size != len || len > HD_9P_MSIZE)
        return -1;
    put_header(&out, (uint8_t)(type + 1), tag);
    rc = handle(s, type, &in, &out);
    if (rc) {
        out.full = false;
        put_header(&out, RLERROR, tag);
        hd_9p_put(&out, (uint64_t)rc, 4);
    }
    hd_9p_put_at(&out, 0, out.len, 4);
    return (ssize_t)out.len;
}
