/* SPDX-License-Identifier: MIT */
/* Fids, names and files: what a guest would have of the host and is not given.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../../pv-drivers/base/mem.h"
#include "attack.h"
#include "client.h"

static int a_fid_that_is_none(void)
{
    return rogue_ask_fid(CLUNK, 4711);
}

static int a_fid_that_is_in_use(void)
{
    int rc = rogue_walk(1, NULL, 0);

    return rc ? rc : rogue_walk(1, NULL, 0);
}

static int walk_one(const char *name, size_t len)
{
    rogue_begin_walk(0, 1, 1);
    hd_9p_put_text(&rogue_out, name, len);
    return rogue_ask();
}

static int a_name_with_a_slash(void)
{
    return walk_one("srv/shown", 9);
}

static int a_name_with_nul(void)
{
    return walk_one("srv\0x", 5);
}

static int an_empty_name(void)
{
    return walk_one("", 0);
}

static int a_name_of_60000_bytes(void)
{
    static const char name[60000] = {'x'};

    return walk_one(name, sizeof(name));
}

/* The walk ends at what is not shown, so there is no such fid. */
static int leads_nowhere(const char *const names[], uint16_t n)
{
    int rc = rogue_walk(1, names, n);

    return rc ? rc : rogue_ask_fid(CLUNK, 1);
}

static int up_and_out(void)
{
    static const char *const names[] = {"..", "..", "etc", "shadow"};

    return leads_nowhere(names, HD_ARRAY_LEN(names));
}

static int across_the_view(void)
{
    static const char *const names[] = {"srv", "shown", "..", "hidden", "file"};

    return leads_nowhere(names, HD_ARRAY_LEN(names));
}

static int a_walk_of_64_kib(void)
{
    static uint8_t large[FRONTEND_RING];
    const uint32_t len = sizeof(large);

    memcpy(large, &len, sizeof(len));
    large[4] = WALK;
    return rogue_ask_raw(large, sizeof(large));
}

static int a_walk_of_65535_names(void)
{
    rogue_begin_walk(0, 1, UINT16_MAX);
    while (rogue_out.len + 2 + sizeof("srv") < HD_9P_MSIZE)
        rogue_put_text("srv");
    return rogue_ask();
}

/* Every request that writes: the last errno that is another than EROFS. */
static int whatever_writes(void)
{
    static const uint8_t types[] = {14, 16, 18, 20, 26, 32,
                                    50, 70, 72, 74, 76, 118};
    int rc = rogue_walk_to_file(1), other = EROFS;

    for (size_t i = 0; !rc && i < sizeof(types); i++) {
        rogue_begin(types[i]), rogue_put(1, 4), rogue_put_text("file"),
            rogue_put(0644, 4);
        rc = rogue_ask();
        other = rc == EROFS ? other : rc;
        rc = rc == ROGUE_ENDED ? rc : 0;
    }
    return rc ? rc : other;
}

static int open_to_write(void)
{
    int rc = rogue_walk_to_file(1);

    return rc ? rc : rogue_lopen(1, 2 | 0x200 /* O_RDWR | O_TRUNC */);
}

static int remove_the_file(void)
{
    int rc = rogue_walk_to_file(1);

    return rc ? rc : rogue_ask_fid(REMOVE, 1);
}

static int read_what_is_not_open(void)
{
    return rogue_read_at(0, 0, 1);
}

static int read_4_gib_at_the_end_of_all_numbers(void)
{
    int rc = rogue_walk_to_file(1);

    if (!rc)
        rc = rogue_lopen(1, 0);
    if (!rc)
        rc = rogue_read_at(1, UINT64_MAX, UINT32_MAX);
    return rc ? rc : hd_9p_get(&rogue_in, 4) ? EOVERFLOW : 0;
}

/* More than there may be, a thousand at a time. */
static int fids_without_end(void)
{
    uint32_t made = 1, refused = 0;

    for (uint32_t id = 1; id <= 70000;) {
        uint32_t n = 0;

        for (; n < 1000; n++)
            rogue_begin_walk(0, id++, 0), rogue_send_all();
        frontend_notify(&rogue_frontend);
        for (; n; n--) {
            int rc = rogue_hear();

            if (rc && rc != ENFILE)
                return rc;
            made += !rc;
            refused += rc == ENFILE;
        }
    }
    printf("%u fids, %u refused\n", made, refused);
    return made == HD_9P_MAX_FIDS ? ENFILE : ENOMEM;
}

const struct attack rogue_files[] = {
    ATTACK(a_fid_that_is_none, EBADF),
    ATTACK(a_fid_that_is_in_use, EBADF),
    ATTACK(a_name_with_a_slash, EPROTO),
    ATTACK(a_name_with_nul, EPROTO),
    ATTACK(an_empty_name, EPROTO),
    ATTACK(a_name_of_60000_bytes, EPROTO),
    ATTACK(up_and_out, EBADF),
    ATTACK(across_the_view, EBADF),
    ATTACK(a_walk_of_64_kib, ROGUE_ENDED),
    ATTACK(a_walk_of_65535_names, EPROTO),
    ATTACK(whatever_writes, EROFS),
    ATTACK(open_to_write, EROFS),
    ATTACK(remove_the_file, EROFS),
    ATTACK(read_what_is_not_open, EBADF),
    ATTACK(read_4_gib_at_the_end_of_all_numbers, 0),
    ATTACK(fids_without_end, ENFILE),
    {NULL},
};
