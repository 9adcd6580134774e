/* SPDX-License-Identifier: MIT */
/* A 9p client on a real folder, for tests. */
#ifndef HD_TEST_FS9P_KIT_H
#define HD_TEST_FS9P_KIT_H

#include <stdint.h>
#include <sys/stat.h>

#include "../../pv-drivers/fs9p/session.h"
#include "../../pv-drivers/fs9p/wire.h"
#include "sysfs_kit.h"

enum {
    P9_VERSION = 100,
    P9_ATTACH = 104,
    P9_FLUSH = 108,
    P9_WALK = 110,
    P9_LOPEN = 12,
    P9_GETATTR = 24,
    P9_READLINK = 22,
    P9_READDIR = 40,
    P9_STATFS = 8,
    P9_READ = 116,
    P9_CLUNK = 120,
    P9_REMOVE = 122,
    P9_RLERROR = 7
};

/* The host, the view that its tables give, and what was said last. */
struct p9 {
    struct hd_kit_tree host;
    struct hd_tree tree; /* its tables are the kit's */
    struct hd_9p *s;
    uint8_t request[HD_9P_MSIZE], reply[HD_9P_MSIZE];
    struct hd_9p_out out;
    struct hd_9p_in in; /* the reply, behind its header */
    uint8_t type;       /* of the reply */
};
extern struct p9 p9;

#define P9_USUAL                                                               \
    "+/etc/resolv.conf\n+/etc/fonts\n+/etc/link/a\n-/etc/fonts/own\n"

/* A host with some files, and a session with fid 0 attached. */
void p9_set_up(const char *tables);
void p9_tear_down(void);

/* A request of one's own: its header, its parts, and p9_ask. */
void p9_begin(uint8_t type);
void p9_put(uint64_t value, size_t bytes);
void p9_put_text(const char *text);
/* 0, or the errno that the reply has. */
int p9_ask(void);
/* The next number of the reply. */
uint64_t p9_got(size_t bytes);

/* Whole requests: 0 or an errno. */
int p9_version(uint32_t msize, const char *text);
int p9_attach(uint32_t fid);
/* `path` is names with "/" between them; -1: only some of them are there. */
int p9_walk(uint32_t fid, uint32_t to, const char *path);
int p9_simple(uint8_t type, uint32_t fid); /* one that has a fid alone */
int p9_lopen(uint32_t fid, uint32_t flags);
int p9_read_at(uint8_t type, uint32_t fid, uint64_t offset, uint32_t count);
int p9_stat_of(uint32_t fid, uint32_t *ret_mode);
int p9_stat_id(uint32_t fid, uint32_t *ret_mode, uint64_t *ret_id);
/* The names of an open folder, each with a blank behind it. */
void p9_list(uint32_t fid, uint32_t count, char ret[256]);

#endif
