/* SPDX-License-Identifier: MIT */
/* A guest's keeper for tests: with a folder for its files, one at a time, and a
 * host at the other end of its xenstore that the test plays. */
#ifndef HD_TEST_KEEPER_KIT_H
#define HD_TEST_KEEPER_KIT_H

#include <stdint.h>

#include "../../dom-guest/keeper.h"

extern char keeper_root[40]; /* of the files */
extern char keeper_dir[64];  /* of the registry */
extern struct hd_xsdev *keeper_x;
extern struct hd_keeper keeper;

/* The keeper has not begun; gone with all files. */
void keeper_begin(void);
void keeper_end(void);
/* A keeper of a host that asks nothing and binds two keys:
 * guest/net/resolv to /etc/resolv.conf and guest/hosts to /etc/deep/hosts. */
void keeper_begin_bound(void);
/* What such a host says when it is asked for them. */
void keeper_say_binds(void);

/* The answer to the next request; XS_WRITE and others of xs_wire.h. */
void keeper_say(uint32_t type, const char *body, size_t len);
void keeper_say_text(uint32_t type, const char *text);

/* Sets a key as another process does: a type's letter and the value, or NULL
 * to remove it. */
void keeper_set(const char *key, const char *value);
/* NULL: there is none. */
void keeper_check_file(const char *name, const char *want);

/* All requests that were made, the last one's body behind its path. */
const char *keeper_last_request(void);
/* A whole answer of exchange 9. */
void keeper_check_answer(const char *text, const char *want);

#endif
