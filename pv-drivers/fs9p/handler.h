/* SPDX-License-Identifier: MIT */
/* What the handlers of requests share; only session.c and walk.c are theirs. */
#ifndef HD_FS9P_HANDLER_H
#define HD_FS9P_HANDLER_H

#include "fids.h"
#include "session.h"
#include "wire.h"

struct hd_9p {
    const struct hd_tree *tree;
    uint32_t msize; /* 0: no version was agreed on */
    struct hd_9p_fids fids;
    hd_9p_tell_fn *tell; /* NULL: nobody wants to know */
    void *context;       /* its own */
};

/* Takes a request apart behind its header, and puts its reply there: 0, or the
 * errno that is answered instead. */
typedef int hd_9p_handler(struct hd_9p *s, struct hd_9p_in *in,
                          struct hd_9p_out *out);

hd_9p_handler hd_9p_version, hd_9p_attach, hd_9p_walk;

void hd_9p_put_qid(struct hd_9p_out *out, mode_t mode, uint64_t id);
void hd_9p_put_qid_of(struct hd_9p_out *out, const struct stat *st);
/* For whoever wants to know what the guest asks for. */
void hd_9p_told(const struct hd_9p *s, const char *path, bool opened);
/* EPROTO when the request had less in it, or more. */
int hd_9p_whole(const struct hd_9p_in *in);
/* The fid with which most requests begin; NULL with an errno. */
struct hd_9p_fid *hd_9p_get_fid(struct hd_9p *s, struct hd_9p_in *in,
                                int *ret_rc);

#endif
