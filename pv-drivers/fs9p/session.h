/* SPDX-License-Identifier: MIT */
/* One guest's 9P2000.L session on the host view: what it is answered. */
#ifndef HD_FS9P_SESSION_H
#define HD_FS9P_SESSION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/mem.h"
#include "tree.h"

#define HD_9P_MSIZE_MIN 4096
#define HD_9P_MSIZE     61440 /* of a message, at most: see ring.h */
#define HD_9P_MAX_FIDS  65536
#define HD_9P_FID_BYTES (16u << 20) /* of all of them, with their paths */
#define HD_9P_MAX_OPEN  256         /* of them, open files and folders */
#define HD_9P_PATH      1024

/*
 * opaque; holds descriptors of open files, HD_9P_MAX_OPEN at most, and memory
 * for each fid: a guest that has seen 10,000 files takes 1 MiB, one that makes
 * fids without end 16.5 MiB, and is answered ENFILE from then on.
 */
struct hd_9p;

/* `tree` is borrowed.  NULL without memory. */
struct hd_9p *hd_9p_new(const struct hd_tree *tree);
/* The tree's tables have been exchanged: what is open and not given any more
 * answers ESTALE from now on. */
void hd_9p_changed(struct hd_9p *s);
/* What the guest asks for and how it was decided: each path that it looks up,
 * and each that it opens. */
typedef void hd_9p_tell_fn(void *context, const char *path,
                           struct hd_decision decision, bool opened);
/* Calls `tell` for each from now on; NULL: for none, which is how it begins. */
void hd_9p_tell(struct hd_9p *s, hd_9p_tell_fn *tell, void *context);
void hd_9p_free(struct hd_9p *s);
HD_DEFINE_AUTO(hd_9p)

/* Answers one whole message of `len` bytes, its header included, into `reply`,
 * which has HD_9P_MSIZE bytes: returns the reply's length.  Every request that
 * writes is answered EROFS, one that is malformed EPROTO; each is done when
 * this returns, so no two are ever under way.  -1: `len` is no message's, and
 * nothing more is to be believed.  Blocks as the host's file systems do. */
ssize_t hd_9p_answer(struct hd_9p *s, const void *request, size_t len,
                     uint8_t *reply);

#endif
