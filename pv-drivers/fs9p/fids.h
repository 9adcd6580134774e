/* SPDX-License-Identifier: MIT */
/* The names that a guest gives to what it looks at: numbers of its choice. */
#ifndef HD_FS9P_FIDS_H
#define HD_FS9P_FIDS_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

struct hd_9p_fid {
    struct hd_9p_fid *next; /* of the same slot */
    uint32_t id;
    int fd; /* of an open file or folder, owned; -1: bare */
    bool open;
    bool stale; /* it was open, and is not given any more */
    char path[];
};

/*
 * Found by their numbers in a table that grows with them.  Linux keeps a fid
 * for each name that it remembers, so there are as many as files that a guest
 * has seen: 10,000 with paths of 60 bytes take 1 MiB.  All memory of a guest's
 * fids is bounded by HD_9P_FID_BYTES and the table of half a MiB.
 */
struct hd_9p_fids { /* zero: none */
    struct hd_9p_fid **slots;
    uint64_t seed; /* of this table's order, which no guest knows */
    uint32_t bits; /* 1 << bits slots */
    uint32_t n;
    uint32_t n_open; /* descriptors */
    size_t bytes;    /* of all fids */
};

/* NULL: there is none. */
struct hd_9p_fid *hd_9p_fid_find(struct hd_9p_fids *fids, uint32_t id);
/* 0 or an errno: it is in use, or there are too many, which is ENFILE. */
int hd_9p_fid_make(struct hd_9p_fids *fids, uint32_t id, const char *path);
/* The fid, which is not open, is that path's from now on; `fid` is none any
 * more.  Else an errno, and all is as it was. */
int hd_9p_fid_move(struct hd_9p_fids *fids, struct hd_9p_fid *fid,
                   const char *path);
/* The tree's tables are others: closes what they do not give any more, which is
 * stale from then on. */
void hd_9p_fids_recheck(struct hd_9p_fids *fids, const struct hd_tree *tree);
/* Closes what is open. */
void hd_9p_fid_drop(struct hd_9p_fids *fids, struct hd_9p_fid *fid);
/* All of them. */
void hd_9p_fids_drop(struct hd_9p_fids *fids);

#endif
