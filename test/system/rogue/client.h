/* SPDX-License-Identifier: MIT */
/* A 9p client that sends what it is told, true or not.  Whatever the server may
 * not do ends the program. */
#ifndef HD_TEST_ROGUE_CLIENT_H
#define HD_TEST_ROGUE_CLIENT_H

#include "../../../pv-drivers/fs9p/session.h"
#include "../../../pv-drivers/fs9p/wire.h"
#include "attack.h"
#include "frontend.h"

enum {
    RLERROR = 7,
    LOPEN = 12,
    GETATTR = 24,
    VERSION = 100,
    AUTH = 102,
    ATTACH = 104,
    WALK = 110,
    READ = 116,
    CLUNK = 120,
    REMOVE = 122,
};
#define ROGUE_TAG 9 /* of all requests */

extern struct frontend rogue_frontend;
extern struct hd_9p_out rogue_out; /* the request under way */
extern struct hd_9p_in rogue_in;   /* the reply, behind its header */

void rogue_die(const struct hd_err *err);

/* A request: its beginning, its parts, and one of those below. */
void rogue_begin(uint8_t type);
void rogue_put(uint64_t value, size_t bytes);
void rogue_put_text(const char *text);
/* With its true length, behind what was sent; nobody is told. */
void rogue_send_all(void);

/* These wait for a reply: 0, an errno or ROGUE_ENDED. */
int rogue_hear(void);
int rogue_ask(void); /* what was begun */
int rogue_ask_raw(const void *bytes, size_t len);
int rogue_version(uint32_t msize, const char *text);
int rogue_walk(uint32_t to, const char *const names[], uint16_t n);
int rogue_walk_to_file(uint32_t to);           /* /srv/shown/file */
int rogue_ask_fid(uint8_t type, uint32_t fid); /* one that has a fid alone */
int rogue_lopen(uint32_t fid, uint32_t flags);
int rogue_read_at(uint32_t fid, uint64_t offset, uint32_t count);

void rogue_put_attach(uint32_t fid);
void rogue_begin_walk(uint32_t fid, uint32_t to, uint16_t names);

/* A session with fid 0, on the connection that there is or on a new one. */
void rogue_begin_session(void);
/* Reads that file as a client does, and prints it: 0, or as above. */
int rogue_read_file(void);

#endif
