/* SPDX-License-Identifier: MIT */
/* The names that a guest gives to what it looks at: numbers of its choice. */
#ifndef HD_FS9P_FIDS_H
#define HD_FS9P_FIDS_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

struct hd_9p_fid {
    uint32_t id;
    char *path; /* NULL: unused */
    bool open;
    bool stale; /* it was open, and is not given any more */
    int fd;     /* of an open file or folder, owned; -1: bare */
};

struct hd_9p_fids {  /* zero: none */
    uint32_t n_open; /* descriptors */
    struct hd_9p_fid list[HD_9P_MAX_FIDS];
};

/* NULL: there is none. */
struct hd_9p_fid *hd_9p_fid_find(struct hd_9p_fids *fids, uint32_t id);
/* 0 or an errno: it is in use, or there are too many. */
int hd_9p_fid_make(struct hd_9p_fids *fids, uint32_t id, const char *path);
/* The tree's tables are others: closes what they do not give any more, which is
 * stale from then on. */
void hd_9p_fids_recheck(struct hd_9p_fids *fids, const struct hd_tree *tree);
/* Closes what is open. */
void hd_9p_fid_drop(struct hd_9p_fids *fids, struct hd_9p_fid *fid);
/* All of them. */
void hd_9p_fids_drop(struct hd_9p_fids *fids);

#endif
