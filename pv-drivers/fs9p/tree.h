/* SPDX-License-Identifier: MIT */
/* The host view: those of the host's files that a guest's tables give to the
 * host, as the process that asks may read them. */
#ifndef HD_FS9P_TREE_H
#define HD_FS9P_TREE_H

#include <stdint.h>
#include <sys/stat.h>

#include "../base/tables.h"

/* Files, folders and links; nothing else is there.  Folders above an exception
 * are bare: they show what leads on, and nothing of the host's.  No link is
 * followed but those of the host's own on the way to an exception, and these
 * only to where `shown` shows as well.  All paths are absolute and normalised;
 * all functions answer 0 or an errno and block as the host's file systems do.
 */
struct hd_tree {
    struct hd_tables *tables; /* borrowed */
    int root; /* a folder's descriptor, borrowed; paths are beneath it */
    struct hd_tables *shown; /* borrowed; the policy's paths, all of them the
                                host's; NULL: there are none */
};

/* Without set-uid, set-gid and device numbers. */
int hd_tree_stat(const struct hd_tree *tree, const char *path,
                 struct stat *ret);
/* The same of what hd_tree_open gave, wherever it is by now. */
int hd_tree_stat_open(int fd, struct stat *ret);
/* `*ret_fd` is the caller's; -1: a bare folder. */
int hd_tree_open(const struct hd_tree *tree, const char *path, int *ret_fd);
/* Is what was opened as `fd` what the tables, others by now, give there? */
bool hd_tree_still(const struct hd_tree *tree, const char *path, int fd);
/* Without a NUL; ENAMETOOLONG when it has `size` bytes or more. */
int hd_tree_readlink(const struct hd_tree *tree, const char *path, char *buf,
                     size_t size, size_t *ret_len);

struct hd_tree_entry {
    const char *name;
    uint64_t inode;  /* hd_tree_id of what hd_tree_stat says of it */
    uint64_t offset; /* the next one is behind it */
    uint8_t type;    /* DT_REG, DT_DIR, DT_LNK */
};
/* Calls `fn` for each entry behind `offset` (0: all) until it answers false.
 * ESTALE when `fd` is not what stands at `path`; then none of them counts. */
typedef bool hd_tree_fn(void *context, const struct hd_tree_entry *entry);
int hd_tree_list(const struct hd_tree *tree, const char *path, int fd,
                 uint64_t offset, hd_tree_fn *fn, void *context);

/* What a client knows the file by. */
uint64_t hd_tree_id(const struct stat *st);

#endif
