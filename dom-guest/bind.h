/* SPDX-License-Identifier: MIT */
/* Keys of the registry that are files as well, for programs that read their
 * settings there. */
#ifndef HD_GUEST_BIND_H
#define HD_GUEST_BIND_H

#include "../pv-drivers/base/entry.h"
#include "hand.h"
#include "xsdev.h"

#define HD_BINDS 16 /* of one guest; the manifest has no more */

struct hd_bind {
    char key[HD_KEY_SIZE];
    char file[HD_KEY_SIZE]; /* absolute, as hd_tables_is_path takes it */
};

/* "guest/net/resolv /etc/resolv.conf"; false: it is none. */
bool hd_bind_parse(const char *text, struct hd_bind *ret);
#define HD_BIND_NODE "data/hotdom/bind"

/* What the host says, of HD_BIND_NODE; what is no bind is left out.  Fails
 * when one of them cannot be read, for it may be one. */
int hd_bind_load(struct hd_xsdev *x, struct hd_bind ret[HD_BINDS],
                 size_t *ret_n, struct hd_err *err);

/* Replaces the file below `root` ("" for the guest's own) in one step with the
 * value, a list's strings a line each; a text has a newline at its end.  It
 * keeps its owner, group and mode; a new one is 0644.  One that is so already
 * is left alone. */
int hd_bind_write(const struct hd_bind *bind, const struct hd_value *value,
                  const char *root, struct hd_err *err);

/* The same by the agent's hand, and within its time; NULL: in this process. */
int hd_bind_write_by(struct hd_hand *hand, const struct hd_bind *bind,
                     const struct hd_value *value, const char *root,
                     struct hd_err *err);

#endif
